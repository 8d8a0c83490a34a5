"""A second opinion on every pair: does it look like a treatment, or like a contraindication?"""
