"""The screenshots of the console: a made-up company, the pages, and a browser.

``python -m docs.screenshots`` takes them. ``tests/console`` plays the same company.
"""
