-- Chores that one replica at a time does: who moves "taken" on has the turn, no lock is held, and nothing is left after a kill.
CREATE TABLE IF NOT EXISTS turn (
  chore text PRIMARY KEY,
  taken timestamptz NOT NULL
);
