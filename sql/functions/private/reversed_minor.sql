CREATE OR REPLACE FUNCTION affiliate_private.reversed_part(p_conversion affiliate_private.conversion, p_amount_minor bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN (reversed_part.p_conversion).canceled THEN reversed_part.p_amount_minor
              ELSE affiliate_kernel.refund_share(reversed_part.p_amount_minor, (reversed_part.p_conversion).refunded_minor,
                                                 (reversed_part.p_conversion).refund_basis_minor) END
$$;
COMMENT ON FUNCTION affiliate_private.reversed_part(affiliate_private.conversion, bigint) IS 'How much of an amount earned by a conversion refunds, disputes or the end of its subscription have taken back, minor units.';

CREATE OR REPLACE FUNCTION affiliate_private.reversed_minor(p_conversion affiliate_private.conversion) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT affiliate_private.reversed_part(reversed_minor.p_conversion, (reversed_minor.p_conversion).commission_minor)
$$;
COMMENT ON FUNCTION affiliate_private.reversed_minor(affiliate_private.conversion) IS 'Share of a conversion''s commission that refunds, disputes or the end of its subscription have taken back, minor units.';
