"""The λ path page: one press trains a whole path, the U-curve forms, and a verdict says which λ and how sure."""
