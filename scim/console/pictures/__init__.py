"""Pictures of exchanges as SVG, drawn on the server, so that they can be saved for slides.

Pure functions. Colours are presentation attributes, which every program reads that shows SVG; on
the pages the stylesheet overrides them by the classes ``f-NAME`` (fill) and ``s-NAME`` (stroke).
"""
