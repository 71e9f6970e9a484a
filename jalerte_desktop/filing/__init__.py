"""Filing: an alert as the form can carry it. Nothing here sends anything."""
