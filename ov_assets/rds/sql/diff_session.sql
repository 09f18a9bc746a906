-- One hash join over every file: in memory (about 150 MB for a million), and too short to be worth compiling.
SET LOCAL work_mem = '64MB';
SET LOCAL jit = off
