"""Where people meet over a dialogue: disputes, second looks, comments, and how like cases ended."""
