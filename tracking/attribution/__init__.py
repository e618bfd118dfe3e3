"""What earned a conversion: touches before it, one order once, credit shared among them, and working it out anew."""
