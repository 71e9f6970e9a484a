"""Papers: what they say (composition), and how they look (one module a file format)."""
