"""Language: gettext, and the words for facts."""
