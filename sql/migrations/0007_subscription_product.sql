-- What a subscription was for, and when: LemonSqueezy's invoices name no product.

CREATE TABLE affiliate_private.subscription_product (
  project_id       bigint      NOT NULL,
  provider         text        NOT NULL,
  subscription_key text        NOT NULL,
  effective_at     timestamptz NOT NULL,
  product_key      text        NOT NULL,
  CONSTRAINT subscription_product_pkey PRIMARY KEY (project_id, provider, subscription_key, effective_at),
  CONSTRAINT subscription_product_project_fkey FOREIGN KEY (project_id) REFERENCES affiliate_private.project (project_id)
);
COMMENT ON TABLE affiliate_private.subscription_product IS 'The product of a subscription as its events told it; a payment that names none is for the one in force at its time (before the first, the first).';
COMMENT ON COLUMN affiliate_private.subscription_product.effective_at IS 'Provider time of the event.';
COMMENT ON COLUMN affiliate_private.subscription_product.product_key IS 'The provider''s product id; of two told for one moment the greater, so that arrival order cannot matter.';
