-- No capture: what everything else is compared with.
SELECT;
