"""What every page shares: language, formats, templates, lists, exports, charts."""
