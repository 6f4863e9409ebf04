CREATE OR REPLACE FUNCTION affiliate_private.reversed_minor(p_conversion affiliate_private.conversion) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN (reversed_minor.p_conversion).canceled THEN (reversed_minor.p_conversion).commission_minor
              ELSE affiliate_kernel.refund_share((reversed_minor.p_conversion).commission_minor, (reversed_minor.p_conversion).refunded_minor,
                                                 (reversed_minor.p_conversion).refund_basis_minor) END
$$;
COMMENT ON FUNCTION affiliate_private.reversed_minor(affiliate_private.conversion) IS 'Share of a conversion''s commission that refunds, disputes or the end of its subscription have taken back, minor units.';
