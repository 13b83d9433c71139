CREATE TABLE projects (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  status        text NOT NULL CHECK (status IN ('planned', 'active', 'completed', 'cancelled')),
  -- In cents; not every project has one from the beginning.
  budget        bigint CHECK (budget > 0),
  created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_projects_status ON projects (status);

CREATE TABLE loans (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id    uuid NOT NULL REFERENCES projects (id),
  borrower_id   uuid NOT NULL,
  amount        bigint NOT NULL CHECK (amount > 0),
  created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_loans_borrower_id ON loans (borrower_id);
CREATE INDEX idx_loans_project_id ON loans (project_id);

CREATE TABLE activity_log (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entity_type   text NOT NULL,
  entity_id     uuid NOT NULL,
  action        text NOT NULL,
  request_id    text,
  at            timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_activity_log_entity ON activity_log (entity_type, entity_id);
