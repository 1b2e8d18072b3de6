"""What people see: blocks, words, and the safety of what others wrote in them."""
