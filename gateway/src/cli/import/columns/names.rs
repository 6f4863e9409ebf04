//! The documented names of columns, each with those that Rewardful's files and API have for it.

pub(super) type Aliases = &'static [(&'static str, &'static [&'static str])];

pub(super) const AFFILIATES: Aliases = &[
    ("email", &["affiliate_email", "email_address"]),
    (
        "referral_code",
        &["token", "link_token", "links_token", "code", "coupon"],
    ),
    ("partner_slug", &[]),
    ("status", &["state"]),
    (
        "created_at",
        &[
            "joined_at",
            "created",
            "date_joined",
            "signed_up_at",
            "confirmed_at",
        ],
    ),
    ("first_name", &["affiliate_first_name"]),
    ("last_name", &["affiliate_last_name"]),
    ("paypal_email", &["affiliate_paypal_email"]),
    ("wise_email", &["affiliate_wise_email"]),
];

const AFFILIATE: [(&str, &[&str]); 3] = [
    ("affiliate_id", &[]),
    (
        "affiliate_email",
        &[
            "affiliate",
            "referral_affiliate_email",
            "sale_affiliate_email",
            "sale_referral_affiliate_email",
        ],
    ),
    (
        "referral_code",
        &["affiliate_token", "token", "link_token", "via"],
    ),
];

pub(super) const REFERRALS: Aliases = &[
    (
        "email",
        &["customer_email", "referral_email", "referred_email"],
    ),
    (
        "customer_key",
        &[
            "stripe_customer_id",
            "customer_id",
            "imported_id",
            "customer_platform_id",
        ],
    ),
    (
        "status",
        &["conversion_state", "state", "conversion_status"],
    ),
    (
        "created_at",
        &["became_lead_at", "created", "signed_up_at", "date"],
    ),
    AFFILIATE[0],
    AFFILIATE[1],
    AFFILIATE[2],
];

pub(super) const CONVERSIONS: Aliases = &[
    (
        "occurred_at",
        &[
            "sale_charged_at",
            "charged_at",
            "sale_invoiced_at",
            "sale_date",
            "sale_created_at",
            "date",
            "created_at",
        ],
    ),
    (
        "base_value",
        &[
            "sale_sale_amount",
            "sale_amount",
            "amount_of_sale",
            "sale_charge_amount",
            "charge_amount",
        ],
    ),
    ("currency", &["sale_currency", "base_value_currency"]),
    ("value", &["commission", "commission_amount", "amount"]),
    (
        "email",
        &[
            "customer_email",
            "referral_customer_email",
            "sale_referral_customer_email",
            "referral_email",
        ],
    ),
    (
        "customer_key",
        &[
            "stripe_customer_id",
            "customer_id",
            "sale_referral_stripe_customer_id",
            "sale_referral_customer_id",
        ],
    ),
    ("type", &["conversion_type"]),
    ("paid", &["paid_at", "commission_paid_at", "is_paid"]),
    (
        "refunded",
        &["sale_refund_amount", "refund_amount", "refunded_amount"],
    ),
    ("reference", &["order_id", "commission_id"]),
    ("coupon_code_used", &["coupon", "coupon_code"]),
    ("provider", &[]),
    (
        "sale_key",
        &[
            "sale_stripe_charge_id",
            "stripe_charge_id",
            "charge_id",
            "sale_id",
            "id",
        ],
    ),
    ("state", &["status", "commission_state"]),
    AFFILIATE[0],
    AFFILIATE[1],
    AFFILIATE[2],
];
