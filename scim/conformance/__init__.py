"""Black-box checks of any SCIM server over HTTP; they use the standard library only.

Nothing of ours is imported here, or a mistake that both sides share would hide itself.
"""
