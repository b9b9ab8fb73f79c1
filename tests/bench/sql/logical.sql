-- Logical decoding: nothing in the writer's transaction; the slot's consumer reads the WAL.
CREATE PUBLICATION bench FOR TABLE orders;
