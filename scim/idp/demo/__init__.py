"""A company's year, played through a stand-in identity provider."""
