"""The reader's own list: candidates starred, judged and noted, kept on disk beside the runs."""
