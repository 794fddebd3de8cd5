"""What was tried before: trials of medicines, and how resistant the illness has been to them."""
