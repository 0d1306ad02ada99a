"""The λ sweep page: train every λ at once, watch the U-curve form, and read which λ is best and how certain that is."""
