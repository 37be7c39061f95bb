"""What `make bench` prints: measures of the product beside their goals."""
