-- What rate-limiter-flexible counts. It inserts by position: exactly these three columns, in this order.
CREATE TABLE attempt (
  key varchar(255) PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);
CREATE INDEX attempt_expire ON attempt (expire);
