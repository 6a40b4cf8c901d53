"""Facts and knowledge in, findings out. Pure: nothing is read, run or printed here."""
