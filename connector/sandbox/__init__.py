"""Pretend CAKE, Commission Factory and QuickBooks Online, by rule, on loopback only."""
