"""What is kept, one module for each thing: its SQL, and the object that the relay knows by a Protocol."""
