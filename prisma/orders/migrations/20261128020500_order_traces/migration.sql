-- Where the trace of a sampled order goes on when its event is published again, or an operator asks for it. Most orders are
-- not sampled and have none.
ALTER TABLE orders ADD COLUMN traceparent TEXT;
