"""An exchange in a sentence, and exchanges that belong together as conversations."""
