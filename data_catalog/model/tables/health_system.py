"""Where care is given, by whom, who pays and what it costs."""

from data_catalog.model.fields import (
    Table,
    concept,
    expected,
    key,
    optional,
    person,
    refers,
    required,
    source_text,
)

LOCATION = Table(
    "location",
    "One row an address or area.",
    kind="reference",
    fields=(
        key("location_id", "Key of the place."),
        source_text("address_1", "First line of the address."),
        source_text("address_2", "Second line of the address."),
        source_text("city", "Town."),
        source_text("state", "State or region."),
        source_text("zip", "Postal code."),
        source_text("county", "County or district."),
        source_text("location_source_value", "The place in the source's code."),
        concept("country_concept_id", "Country."),
        source_text("country_source_value", "Country in the source's words."),
        optional("latitude", "DOUBLE", "Degrees north of the equator.", unit="deg"),
        optional("longitude", "DOUBLE", "Degrees east of Greenwich.", unit="deg"),
    ),
    sorted_by=("location_id",),
)

CARE_SITE = Table(
    "care_site",
    "One row an institution or a part of one: hospital, clinic, ward.",
    kind="reference",
    fields=(
        key("care_site_id", "Key of the institution."),
        source_text("care_site_name", "Its name."),
        concept("place_of_service_concept_id", "Sort of institution."),
        refers("location_id", "location", "Where it is."),
        source_text("care_site_source_value", "The institution in the source's code."),
        source_text("place_of_service_source_value", "Sort of institution in the source's code."),
    ),
    sorted_by=("care_site_id",),
)

PROVIDER = Table(
    "provider",
    "One row a health professional.",
    kind="reference",
    fields=(
        key("provider_id", "Key of the professional."),
        source_text("provider_name", "Name."),
        source_text("npi", "National provider number (United States)."),
        source_text("dea", "Number for prescribing controlled drugs (United States)."),
        concept("specialty_concept_id", "Main specialty."),
        refers("care_site_id", "care_site", "Main place of work."),
        optional("year_of_birth", "INTEGER", "Calendar year of birth."),
        concept("gender_concept_id", "Sex."),
        source_text("provider_source_value", "The professional in the source's code."),
        source_text("specialty_source_value", "Specialty in the source's code."),
        concept("specialty_source_concept_id", "Concept of the source's own code for the specialty."),
        source_text("gender_source_value", "Sex in the source's words."),
        concept("gender_source_concept_id", "Concept of the source's own code for sex."),
    ),
    sorted_by=("provider_id",),
)

PAYER_PLAN_PERIOD = Table(
    "payer_plan_period",
    "One row a stretch of time under one health plan.",
    kind="person",
    fields=(
        key("payer_plan_period_id", "Key of the period."),
        person(),
        required("payer_plan_period_start_date", "DATE", "First day under the plan."),
        expected("payer_plan_period_end_date", "DATE", "Last day under the plan."),
        concept("payer_concept_id", "Who pays."),
        source_text("payer_source_value", "Who pays, in the source's code."),
        concept("payer_source_concept_id", "Concept of the source's own code for the payer."),
        concept("plan_concept_id", "The plan."),
        source_text("plan_source_value", "The plan in the source's code."),
        concept("plan_source_concept_id", "Concept of the source's own code for the plan."),
        concept("sponsor_concept_id", "Who finances the plan: employer, state, the person."),
        source_text("sponsor_source_value", "Who finances it, in the source's code."),
        concept("sponsor_source_concept_id", "Concept of the source's own code for the sponsor."),
        source_text("family_source_value", "What family members under one plan share."),
        concept("stop_reason_concept_id", "Why the person left the plan."),
        source_text("stop_reason_source_value", "Why the person left, in the source's code."),
        concept("stop_reason_source_concept_id", "Concept of the source's own code for that reason."),
    ),
    start_date="payer_plan_period_start_date",
    end_date="payer_plan_period_end_date",
    sorted_by=("person_id",),
)

COST = Table(
    "cost",
    "One row the money for one event. Amounts are in the currency of the row.",
    kind="reference",
    fields=(
        key("cost_id", "Key of the cost."),
        required("cost_event_id", "BIGINT", "Key of the event in its own table."),
        refers("cost_domain_id", "domain", "Domain of the event, which says its table.", required=True, type="VARCHAR"),
        concept("cost_type_concept_id", "What kind of record it comes from.", required=True),
        concept("currency_concept_id", "Currency."),
        optional("total_charge", "DOUBLE", "What was asked for."),
        optional("total_cost", "DOUBLE", "What it cost whoever gave the care."),
        optional("total_paid", "DOUBLE", "What was paid by everyone together."),
        optional("paid_by_payer", "DOUBLE", "Share of the plan."),
        optional("paid_by_patient", "DOUBLE", "Share of the person."),
        optional("paid_patient_copay", "DOUBLE", "Of the person's share: the fixed fee."),
        optional("paid_patient_coinsurance", "DOUBLE", "Of the person's share: the percentage."),
        optional("paid_patient_deductible", "DOUBLE", "Of the person's share: what is due before the plan pays."),
        optional("paid_by_primary", "DOUBLE", "Share of the first of several plans."),
        optional("paid_ingredient_cost", "DOUBLE", "For drugs: price of the product alone."),
        optional("paid_dispensing_fee", "DOUBLE", "For drugs: the pharmacy's fee."),
        optional("payer_plan_period_id", "BIGINT", "Period under the plan that paid."),
        optional("amount_allowed", "DOUBLE", "What the plan accepts as the price."),
        concept("revenue_code_concept_id", "Revenue code."),
        source_text("revenue_code_source_value", "Revenue code as recorded."),
        concept("drg_concept_id", "Diagnosis-related group."),
        source_text("drg_source_value", "Diagnosis-related group as recorded."),
    ),
    sorted_by=("cost_event_id",),
)

TABLES = (LOCATION, CARE_SITE, PROVIDER, PAYER_PLAN_PERIOD, COST)
