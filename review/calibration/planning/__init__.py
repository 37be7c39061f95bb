"""What further decisions would bring: intervals, certificates, and where they help most."""
