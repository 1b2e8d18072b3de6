"""What a Linq account holds. No wire comes in here."""
