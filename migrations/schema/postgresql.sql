CREATE TABLE account (
    id uuid NOT NULL,
    username character varying(200) NOT NULL,
    password_hash character varying(200),
    is_operator boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT uq_account__username UNIQUE (username)
);

CREATE TABLE addendum (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    session_id uuid NOT NULL,
    text text NOT NULL,
    after_signature boolean NOT NULL,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_addendum__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_addendum__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT pk_addendum PRIMARY KEY (clinic_id, id)
);

CREATE TABLE administration (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    session_id uuid NOT NULL,
    dose_order_id uuid,
    drug character varying(64) NOT NULL,
    route character varying(64) NOT NULL,
    state character varying(64) NOT NULL,
    placebo boolean NOT NULL,
    product character varying(200),
    lot character varying(200),
    expires_on date,
    ndc character varying(64),
    concentration_mg_per_ml bigint,
    access_site character varying(200),
    catheter_gauge integer,
    diluent character varying(200),
    bag_total_ml bigint,
    infiltration boolean,
    pump character varying(200),
    form character varying(64),
    unit_strength_mg bigint,
    hold_minutes integer,
    disposition character varying(64),
    observer_present boolean,
    peer_monitor_name character varying(200),
    dispensed_units bigint,
    remaining_units bigint,
    days_supply integer,
    self_administered boolean,
    supervised_by character varying(200),
    administered_by character varying(200),
    verified_by character varying(200),
    started_at timestamp with time zone,
    stopped_at timestamp with time zone,
    infusion_minutes bigint,
    drawn_mg bigint,
    drawn_ml bigint,
    delivered_mg bigint,
    delivered_source character varying(64) NOT NULL,
    projected_mg bigint,
    weight_kg bigint,
    current_weight_kg bigint,
    delivered_mg_per_kg bigint,
    devices_used integer,
    estimated_loss_mg bigint,
    wasted_mg bigint,
    returned_mg bigint,
    unaccounted_mg bigint,
    reconciled boolean NOT NULL,
    deviations jsonb NOT NULL,
    policy_versions jsonb NOT NULL,
    rule_version integer NOT NULL,
    note text,
    after_signature boolean NOT NULL,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_administration__access_site_of_variant CHECK (((access_site IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = 'intravenous'::text)))),
    CONSTRAINT ck_administration__bag_total_ml_not_negative CHECK ((bag_total_ml >= 0)),
    CONSTRAINT ck_administration__bag_total_ml_of_variant CHECK (((bag_total_ml IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = 'intravenous'::text)))),
    CONSTRAINT ck_administration__catheter_gauge_of_variant CHECK (((catheter_gauge IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = 'intravenous'::text)))),
    CONSTRAINT ck_administration__concentration_mg_per_ml_not_negative CHECK ((concentration_mg_per_ml >= 0)),
    CONSTRAINT ck_administration__concentration_mg_per_ml_of_variant CHECK (((concentration_mg_per_ml IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = 'intravenous'::text)) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = ANY ((ARRAY['intramuscular'::character varying, 'subcutaneous'::character varying])::text[]))) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = 'intranasal'::text)))),
    CONSTRAINT ck_administration__days_supply_of_variant CHECK (((days_supply IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = ANY ((ARRAY['oral'::character varying, 'sublingual'::character varying])::text[]))))),
    CONSTRAINT ck_administration__delivered_mg_not_negative CHECK ((delivered_mg >= 0)),
    CONSTRAINT ck_administration__diluent_of_variant CHECK (((diluent IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = 'intravenous'::text)))),
    CONSTRAINT ck_administration__dispensed_units_not_negative CHECK ((dispensed_units >= 0)),
    CONSTRAINT ck_administration__dispensed_units_of_variant CHECK (((dispensed_units IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = ANY ((ARRAY['oral'::character varying, 'sublingual'::character varying])::text[]))))),
    CONSTRAINT ck_administration__disposition_of_variant CHECK (((disposition IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = ANY ((ARRAY['oral'::character varying, 'sublingual'::character varying])::text[]))))),
    CONSTRAINT ck_administration__drawn_mg_not_negative CHECK ((drawn_mg >= 0)),
    CONSTRAINT ck_administration__estimated_loss_mg_not_negative CHECK ((estimated_loss_mg >= 0)),
    CONSTRAINT ck_administration__form_of_variant CHECK (((form IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = ANY ((ARRAY['oral'::character varying, 'sublingual'::character varying])::text[]))))),
    CONSTRAINT ck_administration__hold_minutes_of_variant CHECK (((hold_minutes IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = ANY ((ARRAY['oral'::character varying, 'sublingual'::character varying])::text[]))))),
    CONSTRAINT ck_administration__infiltration_of_variant CHECK (((infiltration IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = 'intravenous'::text)))),
    CONSTRAINT ck_administration__observer_present_of_variant CHECK (((observer_present IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = ANY ((ARRAY['oral'::character varying, 'sublingual'::character varying])::text[]))))),
    CONSTRAINT ck_administration__peer_monitor_name_of_variant CHECK (((peer_monitor_name IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = ANY ((ARRAY['oral'::character varying, 'sublingual'::character varying])::text[]))))),
    CONSTRAINT ck_administration__pump_of_variant CHECK (((pump IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = 'intravenous'::text)))),
    CONSTRAINT ck_administration__remaining_units_not_negative CHECK ((remaining_units >= 0)),
    CONSTRAINT ck_administration__remaining_units_of_variant CHECK (((remaining_units IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = ANY ((ARRAY['oral'::character varying, 'sublingual'::character varying])::text[]))))),
    CONSTRAINT ck_administration__returned_mg_not_negative CHECK ((returned_mg >= 0)),
    CONSTRAINT ck_administration__self_administered_of_variant CHECK (((self_administered IS NULL) OR (((drug)::text = 'esketamine'::text) AND ((route)::text = 'intranasal'::text)))),
    CONSTRAINT ck_administration__state_in_set CHECK (((state)::text = ANY ((ARRAY['not_started'::character varying, 'running'::character varying, 'paused'::character varying, 'stopped'::character varying])::text[]))),
    CONSTRAINT ck_administration__stops_after_start CHECK (((stopped_at IS NULL) OR (started_at IS NULL) OR (stopped_at >= started_at))),
    CONSTRAINT ck_administration__supervised_by_of_variant CHECK (((supervised_by IS NULL) OR (((drug)::text = 'esketamine'::text) AND ((route)::text = 'intranasal'::text)))),
    CONSTRAINT ck_administration__unit_strength_mg_not_negative CHECK ((unit_strength_mg >= 0)),
    CONSTRAINT ck_administration__unit_strength_mg_of_variant CHECK (((unit_strength_mg IS NULL) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = ANY ((ARRAY['oral'::character varying, 'sublingual'::character varying])::text[]))))),
    CONSTRAINT ck_administration__variant CHECK (((((drug)::text = 'ketamine'::text) AND ((route)::text = 'intravenous'::text)) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = ANY ((ARRAY['intramuscular'::character varying, 'subcutaneous'::character varying])::text[]))) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = ANY ((ARRAY['oral'::character varying, 'sublingual'::character varying])::text[]))) OR (((drug)::text = 'ketamine'::text) AND ((route)::text = 'intranasal'::text)) OR (((drug)::text = 'esketamine'::text) AND ((route)::text = 'intranasal'::text)))),
    CONSTRAINT ck_administration__wasted_mg_not_negative CHECK ((wasted_mg >= 0)),
    CONSTRAINT fk_administration__clinic_id_dose_order_id FOREIGN KEY (clinic_id, dose_order_id) REFERENCES dose_order(clinic_id, id),
    CONSTRAINT fk_administration__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_administration__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT pk_administration PRIMARY KEY (clinic_id, id)
);

CREATE TABLE adverse_event (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    course_id uuid,
    session_id uuid,
    term character varying(64) NOT NULL,
    vocabulary_version character varying(64) NOT NULL,
    narrative text,
    onset_at timestamp with time zone NOT NULL,
    onset_minutes_from_t0 integer,
    known_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    ongoing boolean NOT NULL,
    grade integer,
    ctcae_version character varying(64),
    seriousness jsonb NOT NULL,
    serious boolean NOT NULL,
    expected boolean,
    causality character varying(64),
    action character varying(64),
    outcome character varying(64),
    reporter character varying(200),
    reporting_basis character varying(64) NOT NULL,
    report_due_on date,
    reported_to jsonb NOT NULL,
    after_signature boolean NOT NULL,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_adverse_event__ends_after_onset CHECK (((resolved_at IS NULL) OR (resolved_at >= onset_at))),
    CONSTRAINT ck_adverse_event__grade_in_range CHECK (((grade >= 1) AND (grade <= 5))),
    CONSTRAINT fk_adverse_event__clinic_id_course_id FOREIGN KEY (clinic_id, course_id) REFERENCES course(clinic_id, id),
    CONSTRAINT fk_adverse_event__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_adverse_event__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT pk_adverse_event PRIMARY KEY (clinic_id, id)
);

CREATE TABLE alembic_version (
    version_num character varying(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE alert (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    session_id uuid,
    code character varying(64) NOT NULL,
    severity character varying(64) NOT NULL,
    status character varying(64) NOT NULL,
    cause_type character varying(64) NOT NULL,
    cause_id uuid NOT NULL,
    rule text NOT NULL,
    policy_version character varying(64),
    raised_at timestamp with time zone NOT NULL,
    escalates_at timestamp with time zone,
    escalation_policy_version character varying(64),
    escalation_level integer NOT NULL,
    escalated_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    acknowledged_by uuid,
    acknowledge_note text,
    resolved_at timestamp with time zone,
    resolved_by uuid,
    closed_by character varying(64),
    disposition text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_alert__status_in_set CHECK (((status)::text = ANY ((ARRAY['open'::character varying, 'acknowledged'::character varying, 'resolved'::character varying, 'historic'::character varying])::text[]))),
    CONSTRAINT fk_alert__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_alert PRIMARY KEY (clinic_id, id)
);

CREATE TABLE allergy (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    substance character varying(200) NOT NULL,
    reaction character varying(200),
    severity character varying(64),
    source_of_information character varying(64) NOT NULL,
    note text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_allergy__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_allergy PRIMARY KEY (clinic_id, id)
);

CREATE TABLE assessment (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    course_id uuid,
    session_id uuid,
    instrument character varying(64) NOT NULL,
    instrument_version integer NOT NULL,
    answered_at timestamp with time zone,
    answered_on date,
    assessed_at timestamp with time zone NOT NULL,
    sent_as character varying(64) NOT NULL,
    items jsonb,
    unscored_items jsonb,
    total bigint,
    total_source character varying(64) NOT NULL,
    severity character varying(64),
    incomplete boolean NOT NULL,
    prorated boolean NOT NULL,
    safety_item integer,
    safety_item_missing boolean NOT NULL,
    subscores jsonb NOT NULL,
    findings jsonb NOT NULL,
    scoring_version character varying(64) NOT NULL,
    recall_period character varying(200) NOT NULL,
    hours_since_last_dose bigint,
    days_since_last_dose integer,
    too_soon_after_dose boolean NOT NULL,
    rated_by character varying(200),
    language character varying(64),
    note text,
    after_signature boolean NOT NULL,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_assessment__one_time CHECK (((answered_at IS NULL) <> (answered_on IS NULL))),
    CONSTRAINT fk_assessment__clinic_id_course_id FOREIGN KEY (clinic_id, course_id) REFERENCES course(clinic_id, id),
    CONSTRAINT fk_assessment__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_assessment__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT pk_assessment PRIMARY KEY (clinic_id, id)
);

CREATE TABLE change (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    root_type character varying(64) NOT NULL,
    root_id uuid NOT NULL,
    resource_type character varying(64) NOT NULL,
    resource_id uuid NOT NULL,
    version integer NOT NULL,
    ordinal integer NOT NULL,
    event character varying(64) NOT NULL,
    kind character varying(64) NOT NULL,
    principal_id uuid NOT NULL,
    source character varying(200) NOT NULL,
    reason text,
    request_id character varying(64) NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    sensitivity character varying(64) NOT NULL,
    content_schema integer NOT NULL,
    content text,
    content_digest character varying(64) NOT NULL,
    sequence bigint,
    CONSTRAINT pk_change PRIMARY KEY (clinic_id, id),
    CONSTRAINT uq_change__clinic_id_resource_type_resource_id_version UNIQUE (clinic_id, resource_type, resource_id, version),
    CONSTRAINT uq_change__clinic_id_sequence UNIQUE (clinic_id, sequence)
);

CREATE TABLE client_secret (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    digest character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_client_secret__clinic_id_client_id FOREIGN KEY (clinic_id, client_id) REFERENCES principal(clinic_id, id),
    CONSTRAINT pk_client_secret PRIMARY KEY (clinic_id, id)
);

CREATE TABLE clinic (
    id uuid NOT NULL,
    name character varying(200) NOT NULL,
    time_zone character varying(64) NOT NULL,
    phone character varying(200),
    email character varying(200),
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT pk_clinic PRIMARY KEY (id)
);

CREATE TABLE clinic_protocol (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    code character varying(64) NOT NULL,
    protocol_version integer NOT NULL,
    name character varying(200) NOT NULL,
    definition jsonb NOT NULL,
    reason text NOT NULL,
    retired_at timestamp with time zone,
    retired_by uuid,
    retired_reason text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_clinic_protocol__clinic_id FOREIGN KEY (clinic_id) REFERENCES clinic(id),
    CONSTRAINT pk_clinic_protocol PRIMARY KEY (clinic_id, id),
    CONSTRAINT uq_clinic_protocol__clinic_id_code_protocol_version UNIQUE (clinic_id, code, protocol_version)
);

CREATE TABLE condition (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    name character varying(200) NOT NULL,
    icd10_code character varying(64),
    started_on date,
    ended_on date,
    source_of_information character varying(64) NOT NULL,
    note text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_condition__ends_after_start CHECK (((ended_on IS NULL) OR (started_on IS NULL) OR (ended_on >= started_on))),
    CONSTRAINT fk_condition__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_condition PRIMARY KEY (clinic_id, id)
);

CREATE TABLE consent (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    kind character varying(64) NOT NULL,
    drug character varying(64),
    document_code character varying(64) NOT NULL,
    document_version character varying(64) NOT NULL,
    document_digest character varying(64),
    elements jsonb NOT NULL,
    signed_at timestamp with time zone,
    signed_on date NOT NULL,
    expires_on date NOT NULL,
    signer character varying(64) NOT NULL,
    signer_name character varying(200),
    witness_name character varying(200),
    interpreter_name character varying(200),
    method character varying(64) NOT NULL,
    language character varying(64),
    note text,
    withdrawn_at timestamp with time zone,
    withdrawn_by uuid,
    withdrawn_reason text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_consent__expires_after_signing CHECK ((expires_on >= signed_on)),
    CONSTRAINT fk_consent__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_consent PRIMARY KEY (clinic_id, id)
);

CREATE TABLE course (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    episode_id uuid,
    protocol_code character varying(64) NOT NULL,
    protocol_version integer NOT NULL,
    indication_code character varying(64),
    status character varying(64) NOT NULL,
    phase character varying(64) NOT NULL,
    phase_started_on date NOT NULL,
    interval_days integer,
    prescriber_id uuid,
    starts_on date NOT NULL,
    time_zone character varying(64) NOT NULL,
    ended_on date,
    end_reason text,
    note text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_course__status_in_set CHECK (((status)::text = ANY ((ARRAY['planned'::character varying, 'active'::character varying, 'paused'::character varying, 'completed'::character varying, 'discontinued'::character varying])::text[]))),
    CONSTRAINT fk_course__clinic_id_episode_id FOREIGN KEY (clinic_id, episode_id) REFERENCES episode(clinic_id, id),
    CONSTRAINT fk_course__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_course__clinic_id_prescriber_id FOREIGN KEY (clinic_id, prescriber_id) REFERENCES principal(clinic_id, id),
    CONSTRAINT pk_course PRIMARY KEY (clinic_id, id)
);

CREATE TABLE dissociation_note (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    session_id uuid NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    observed_by character varying(200),
    intensity integer,
    phenomena jsonb NOT NULL,
    note text,
    action_taken text,
    after_signature boolean NOT NULL,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_dissociation_note__intensity_in_range CHECK (((intensity >= 0) AND (intensity <= 10))),
    CONSTRAINT fk_dissociation_note__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_dissociation_note__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT pk_dissociation_note PRIMARY KEY (clinic_id, id)
);

CREATE TABLE dose_decision (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    course_id uuid NOT NULL,
    phase character varying(64) NOT NULL,
    decision character varying(64) NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    assessment_id uuid,
    dose_mg bigint,
    dose_mg_per_kg bigint,
    reason text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_dose_decision__dose_mg_not_negative CHECK ((dose_mg >= 0)),
    CONSTRAINT ck_dose_decision__dose_mg_per_kg_not_negative CHECK ((dose_mg_per_kg >= 0)),
    CONSTRAINT fk_dose_decision__clinic_id_assessment_id FOREIGN KEY (clinic_id, assessment_id) REFERENCES assessment(clinic_id, id),
    CONSTRAINT fk_dose_decision__clinic_id_course_id FOREIGN KEY (clinic_id, course_id) REFERENCES course(clinic_id, id),
    CONSTRAINT fk_dose_decision__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_dose_decision PRIMARY KEY (clinic_id, id)
);

CREATE TABLE dose_event (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    session_id uuid NOT NULL,
    administration_id uuid NOT NULL,
    kind character varying(64) NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    ordinal integer NOT NULL,
    rate_mg_per_min bigint,
    amount_mg bigint,
    body_site character varying(64),
    side character varying(64),
    volume_ml bigint,
    device_number integer,
    lot character varying(200),
    expires_on date,
    nostril character varying(64),
    second_spray_at timestamp with time zone,
    second_nostril character varying(64),
    blew_nose boolean,
    leaked boolean,
    unit_count bigint,
    unit_strength_mg bigint,
    hold_minutes integer,
    disposition character varying(64),
    reason text,
    performed_by character varying(200),
    ordered_by character varying(200),
    after_signature boolean NOT NULL,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_dose_event__amount_mg_not_negative CHECK ((amount_mg >= 0)),
    CONSTRAINT ck_dose_event__blew_nose_of_kind CHECK (((blew_nose IS NULL) OR ((kind)::text = 'device'::text))),
    CONSTRAINT ck_dose_event__body_site_of_kind CHECK (((body_site IS NULL) OR ((kind)::text = 'injection'::text))),
    CONSTRAINT ck_dose_event__device_number_of_kind CHECK (((device_number IS NULL) OR ((kind)::text = 'device'::text))),
    CONSTRAINT ck_dose_event__disposition_of_kind CHECK (((disposition IS NULL) OR ((kind)::text = 'lozenge'::text))),
    CONSTRAINT ck_dose_event__expires_on_of_kind CHECK (((expires_on IS NULL) OR ((kind)::text = 'device'::text))),
    CONSTRAINT ck_dose_event__hold_minutes_of_kind CHECK (((hold_minutes IS NULL) OR ((kind)::text = 'lozenge'::text))),
    CONSTRAINT ck_dose_event__leaked_of_kind CHECK (((leaked IS NULL) OR ((kind)::text = 'device'::text))),
    CONSTRAINT ck_dose_event__lot_of_kind CHECK (((lot IS NULL) OR ((kind)::text = 'device'::text))),
    CONSTRAINT ck_dose_event__nostril_of_kind CHECK (((nostril IS NULL) OR ((kind)::text = ANY ((ARRAY['device'::character varying, 'spray'::character varying])::text[])))),
    CONSTRAINT ck_dose_event__rate_mg_per_min_not_negative CHECK ((rate_mg_per_min >= 0)),
    CONSTRAINT ck_dose_event__rate_mg_per_min_of_kind CHECK (((rate_mg_per_min IS NULL) OR ((kind)::text = ANY ((ARRAY['rate_change'::character varying, 'resume'::character varying, 'start'::character varying])::text[])))),
    CONSTRAINT ck_dose_event__second_nostril_of_kind CHECK (((second_nostril IS NULL) OR ((kind)::text = 'device'::text))),
    CONSTRAINT ck_dose_event__second_spray_after_first CHECK (((second_spray_at IS NULL) OR (second_spray_at >= occurred_at))),
    CONSTRAINT ck_dose_event__second_spray_at_of_kind CHECK (((second_spray_at IS NULL) OR ((kind)::text = 'device'::text))),
    CONSTRAINT ck_dose_event__side_of_kind CHECK (((side IS NULL) OR ((kind)::text = 'injection'::text))),
    CONSTRAINT ck_dose_event__unit_count_not_negative CHECK ((unit_count >= 0)),
    CONSTRAINT ck_dose_event__unit_count_of_kind CHECK (((unit_count IS NULL) OR ((kind)::text = 'lozenge'::text))),
    CONSTRAINT ck_dose_event__unit_strength_mg_not_negative CHECK ((unit_strength_mg >= 0)),
    CONSTRAINT ck_dose_event__unit_strength_mg_of_kind CHECK (((unit_strength_mg IS NULL) OR ((kind)::text = 'lozenge'::text))),
    CONSTRAINT ck_dose_event__volume_ml_not_negative CHECK ((volume_ml >= 0)),
    CONSTRAINT ck_dose_event__volume_ml_of_kind CHECK (((volume_ml IS NULL) OR ((kind)::text = 'injection'::text))),
    CONSTRAINT fk_dose_event__clinic_id_administration_id FOREIGN KEY (clinic_id, administration_id) REFERENCES administration(clinic_id, id),
    CONSTRAINT fk_dose_event__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_dose_event__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT pk_dose_event PRIMARY KEY (clinic_id, id)
);

CREATE TABLE dose_order (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    session_id uuid NOT NULL,
    status character varying(64) NOT NULL,
    drug character varying(64) NOT NULL,
    route character varying(64) NOT NULL,
    ordered_mg bigint NOT NULL,
    ordered_mg_per_kg bigint,
    ordered_devices integer,
    ordered_units bigint,
    unit_strength_mg bigint,
    weight_kg bigint,
    weight_measured_at timestamp with time zone,
    calculated_mg bigint,
    infusion_minutes integer,
    rate_mg_per_min bigint,
    confirmed jsonb NOT NULL,
    weight_changed boolean NOT NULL,
    current_weight_kg bigint,
    reconfirmed_at timestamp with time zone,
    reconfirmed_by uuid,
    reconfirmed_weight_kg bigint,
    ordered_for_another_patient boolean NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    prescriber_id uuid NOT NULL,
    note text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_dose_order__ordered_devices_not_negative CHECK ((ordered_devices >= 0)),
    CONSTRAINT ck_dose_order__ordered_mg_not_negative CHECK ((ordered_mg >= 0)),
    CONSTRAINT ck_dose_order__ordered_units_not_negative CHECK ((ordered_units >= 0)),
    CONSTRAINT ck_dose_order__status_in_set CHECK (((status)::text = ANY ((ARRAY['active'::character varying, 'superseded'::character varying])::text[]))),
    CONSTRAINT ck_dose_order__unit_strength_mg_not_negative CHECK ((unit_strength_mg >= 0)),
    CONSTRAINT fk_dose_order__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_dose_order__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT pk_dose_order PRIMARY KEY (clinic_id, id)
);

CREATE TABLE episode (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    indication_code character varying(64),
    began_on date,
    ended_on date,
    status character varying(64) NOT NULL,
    severity character varying(64),
    note text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_episode__ends_after_start CHECK (((ended_on IS NULL) OR (began_on IS NULL) OR (ended_on >= began_on))),
    CONSTRAINT ck_episode__status_in_set CHECK (((status)::text = ANY ((ARRAY['open'::character varying, 'ended'::character varying])::text[]))),
    CONSTRAINT fk_episode__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_episode PRIMARY KEY (clinic_id, id)
);

CREATE TABLE external_treatment (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    drug character varying(64) NOT NULL,
    route character varying(64) NOT NULL,
    given_at timestamp with time zone,
    given_on date NOT NULL,
    counted_from timestamp with time zone NOT NULL,
    first_given_on date,
    sessions integer NOT NULL,
    dose_mg bigint,
    provider character varying(200),
    source character varying(64) NOT NULL,
    note text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_external_treatment__dose_mg_not_negative CHECK ((dose_mg >= 0)),
    CONSTRAINT ck_external_treatment__last_after_first CHECK (((first_given_on IS NULL) OR (first_given_on <= given_on))),
    CONSTRAINT ck_external_treatment__sessions_counted CHECK ((sessions >= 1)),
    CONSTRAINT fk_external_treatment__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_external_treatment PRIMARY KEY (clinic_id, id)
);

CREATE TABLE gate_override (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    session_id uuid NOT NULL,
    gate character varying(64) NOT NULL,
    mode character varying(64) NOT NULL,
    policy_version character varying(64) NOT NULL,
    role character varying(64) NOT NULL,
    reason text NOT NULL,
    found jsonb NOT NULL,
    badness jsonb NOT NULL,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_gate_override__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_gate_override__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT pk_gate_override PRIMARY KEY (clinic_id, id)
);

CREATE TABLE idempotency_key (
    clinic_id uuid NOT NULL,
    principal_id uuid NOT NULL,
    scope_digest character varying(200) NOT NULL,
    request_digest character varying(200) NOT NULL,
    status integer,
    headers jsonb,
    body bytea,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT pk_idempotency_key PRIMARY KEY (clinic_id, principal_id, scope_digest)
);

CREATE TABLE ledger_head (
    clinic_id uuid NOT NULL,
    last_sequence bigint NOT NULL,
    CONSTRAINT pk_ledger_head PRIMARY KEY (clinic_id)
);

CREATE TABLE location (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    name character varying(200) NOT NULL,
    disabled_at timestamp with time zone,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_location__clinic_id FOREIGN KEY (clinic_id) REFERENCES clinic(id),
    CONSTRAINT pk_location PRIMARY KEY (clinic_id, id),
    CONSTRAINT uq_location__clinic_id_name UNIQUE (clinic_id, name)
);

CREATE TABLE login_throttle (
    key character varying(64) NOT NULL,
    failures integer NOT NULL,
    blocked_until timestamp with time zone,
    CONSTRAINT pk_login_throttle PRIMARY KEY (key)
);

CREATE TABLE medication (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    name character varying(200) NOT NULL,
    coding jsonb,
    class_codes jsonb,
    interactions jsonb,
    interactions_version character varying(64) NOT NULL,
    dose character varying(200),
    taken_as character varying(64) NOT NULL,
    diazepam_equivalent_mg_per_day bigint,
    started_on date,
    ended_on date,
    note text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_medication__diazepam_equivalent_mg_per_day_not_negative CHECK ((diazepam_equivalent_mg_per_day >= 0)),
    CONSTRAINT ck_medication__ends_after_start CHECK (((ended_on IS NULL) OR (started_on IS NULL) OR (ended_on >= started_on))),
    CONSTRAINT fk_medication__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_medication PRIMARY KEY (clinic_id, id)
);

CREATE TABLE medication_trial (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    episode_id uuid,
    drug character varying(200) NOT NULL,
    class_code character varying(64),
    max_dose_mg_per_day bigint,
    adequate_dose boolean,
    started_on date,
    ended_on date,
    weeks integer,
    adherence character varying(64),
    response_percent integer,
    stop_reason character varying(64),
    augmentations jsonb NOT NULL,
    optimisations integer NOT NULL,
    adequate boolean,
    adequate_athf boolean,
    failed boolean,
    rule_version character varying(64) NOT NULL,
    source_of_information character varying(64) NOT NULL,
    note text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_medication_trial__ends_after_start CHECK (((ended_on IS NULL) OR (started_on IS NULL) OR (ended_on >= started_on))),
    CONSTRAINT ck_medication_trial__max_dose_mg_per_day_not_negative CHECK ((max_dose_mg_per_day >= 0)),
    CONSTRAINT ck_medication_trial__optimisations_not_negative CHECK ((optimisations >= 0)),
    CONSTRAINT ck_medication_trial__response_percent_in_range CHECK (((response_percent >= '-100'::integer) AND (response_percent <= 100))),
    CONSTRAINT ck_medication_trial__weeks_not_negative CHECK ((weeks >= 0)),
    CONSTRAINT fk_medication_trial__clinic_id_episode_id FOREIGN KEY (clinic_id, episode_id) REFERENCES episode(clinic_id, id),
    CONSTRAINT fk_medication_trial__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_medication_trial PRIMARY KEY (clinic_id, id)
);

CREATE TABLE patient (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    given_name character varying(200) NOT NULL,
    family_name character varying(200) NOT NULL,
    preferred_name character varying(200),
    given_name_folded character varying(200) NOT NULL,
    family_name_folded character varying(200) NOT NULL,
    birth_on date,
    birth_year integer,
    sex character varying(64) NOT NULL,
    gender character varying(200),
    pronouns character varying(200),
    language character varying(64),
    time_zone character varying(64),
    phone character varying(200),
    email character varying(200),
    address text,
    emergency_contact jsonb,
    identifiers jsonb NOT NULL,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_patient__birth_known CHECK (((birth_on IS NOT NULL) OR (birth_year IS NOT NULL))),
    CONSTRAINT fk_patient__clinic_id FOREIGN KEY (clinic_id) REFERENCES clinic(id),
    CONSTRAINT pk_patient PRIMARY KEY (clinic_id, id)
);

CREATE TABLE patient_identifier (
    clinic_id uuid NOT NULL,
    system character varying(200) NOT NULL,
    value character varying(200) NOT NULL,
    patient_id uuid NOT NULL,
    CONSTRAINT fk_patient_identifier__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_patient_identifier PRIMARY KEY (clinic_id, system, value)
);

CREATE TABLE patient_limit (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    code character varying(64) NOT NULL,
    value jsonb,
    effective_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    source text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_patient_limit__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_patient_limit PRIMARY KEY (clinic_id, id)
);

CREATE TABLE plan_item (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    course_id uuid NOT NULL,
    number integer NOT NULL,
    phase character varying(64) NOT NULL,
    week integer NOT NULL,
    planned_on date NOT NULL,
    local_time character varying(64) NOT NULL,
    time_zone character varying(64) NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    session_id uuid,
    left_out_at timestamp with time zone,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_plan_item__clinic_id_course_id FOREIGN KEY (clinic_id, course_id) REFERENCES course(clinic_id, id),
    CONSTRAINT fk_plan_item__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_plan_item PRIMARY KEY (clinic_id, id),
    CONSTRAINT uq_plan_item__clinic_id_course_id_number UNIQUE (clinic_id, course_id, number)
);

CREATE TABLE policy_setting (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    code character varying(64) NOT NULL,
    value jsonb,
    effective_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    source text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_policy_setting__clinic_id FOREIGN KEY (clinic_id) REFERENCES clinic(id),
    CONSTRAINT pk_policy_setting PRIMARY KEY (clinic_id, id)
);

CREATE TABLE principal (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    kind character varying(64) NOT NULL,
    name character varying(200) NOT NULL,
    account_id uuid,
    username character varying(200),
    roles jsonb NOT NULL,
    scopes jsonb NOT NULL,
    secret_rotated_at timestamp with time zone,
    disabled_at timestamp with time zone,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_principal__kind_in_set CHECK (((kind)::text = ANY ((ARRAY['staff'::character varying, 'client'::character varying, 'system'::character varying])::text[]))),
    CONSTRAINT fk_principal__account_id FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT fk_principal__clinic_id FOREIGN KEY (clinic_id) REFERENCES clinic(id),
    CONSTRAINT pk_principal PRIMARY KEY (clinic_id, id),
    CONSTRAINT uq_principal__clinic_id_account_id UNIQUE (clinic_id, account_id)
);

CREATE TABLE programme_enrolment (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid,
    location_id uuid,
    programme character varying(64) NOT NULL,
    reference character varying(200),
    enrolled_on date NOT NULL,
    ended_on date,
    ended_reason text,
    signed_by_patient boolean,
    signed_by_prescriber boolean,
    note text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_programme_enrolment__ends_after_start CHECK (((ended_on IS NULL) OR (ended_on >= enrolled_on))),
    CONSTRAINT ck_programme_enrolment__patient_or_place CHECK (((patient_id IS NULL) OR (location_id IS NULL))),
    CONSTRAINT fk_programme_enrolment__clinic_id FOREIGN KEY (clinic_id) REFERENCES clinic(id),
    CONSTRAINT fk_programme_enrolment__clinic_id_location_id FOREIGN KEY (clinic_id, location_id) REFERENCES location(clinic_id, id),
    CONSTRAINT fk_programme_enrolment__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_programme_enrolment PRIMARY KEY (clinic_id, id)
);

CREATE TABLE reassignment (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    course_id uuid NOT NULL,
    to_patient_id uuid NOT NULL,
    to_course_id uuid,
    copied_session_id uuid,
    status character varying(64) NOT NULL,
    reason text NOT NULL,
    confirmed_at timestamp with time zone,
    confirmed_by uuid,
    withdrawn_at timestamp with time zone,
    withdrawn_by uuid,
    withdrawn_reason text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_reassignment__between_two CHECK ((patient_id <> to_patient_id)),
    CONSTRAINT ck_reassignment__confirmed_when_done CHECK ((((status)::text = 'done'::text) = (confirmed_by IS NOT NULL))),
    CONSTRAINT ck_reassignment__status_in_set CHECK (((status)::text = ANY ((ARRAY['proposed'::character varying, 'done'::character varying, 'withdrawn'::character varying])::text[]))),
    CONSTRAINT fk_reassignment__clinic_id_copied_session_id FOREIGN KEY (clinic_id, copied_session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT fk_reassignment__clinic_id_course_id FOREIGN KEY (clinic_id, course_id) REFERENCES course(clinic_id, id),
    CONSTRAINT fk_reassignment__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_reassignment__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT fk_reassignment__clinic_id_to_course_id FOREIGN KEY (clinic_id, to_course_id) REFERENCES course(clinic_id, id),
    CONSTRAINT fk_reassignment__clinic_id_to_patient_id FOREIGN KEY (clinic_id, to_patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_reassignment PRIMARY KEY (clinic_id, id)
);

CREATE TABLE reproductive_fact (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    kind character varying(64) NOT NULL,
    value character varying(64),
    observed_on date NOT NULL,
    source_of_information character varying(64) NOT NULL,
    note text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_reproductive_fact__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_reproductive_fact PRIMARY KEY (clinic_id, id)
);

CREATE TABLE screening (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    session_id uuid,
    purpose character varying(64) NOT NULL,
    drug character varying(64) NOT NULL,
    checklist_code character varying(64) NOT NULL,
    checklist_version integer NOT NULL,
    answers jsonb NOT NULL,
    outcome character varying(64) NOT NULL,
    findings jsonb NOT NULL,
    screened_at timestamp with time zone NOT NULL,
    screened_by character varying(200),
    note text,
    decision character varying(64),
    decided_at timestamp with time zone,
    decided_by uuid,
    decision_reason text,
    conditions text,
    overrides jsonb NOT NULL,
    decided_version integer,
    decision_is_current boolean,
    expires_on date,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_screening__decided_sometime CHECK (((decision IS NULL) = (decided_at IS NULL))),
    CONSTRAINT fk_screening__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_screening__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT pk_screening PRIMARY KEY (clinic_id, id)
);

CREATE TABLE signature (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    session_id uuid NOT NULL,
    addendum_id uuid,
    signer_id uuid NOT NULL,
    printed_name character varying(200) NOT NULL,
    roles jsonb NOT NULL,
    meaning character varying(64) NOT NULL,
    cosignature boolean NOT NULL,
    cosigner character varying(64) NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    covers jsonb NOT NULL,
    digest character varying(64) NOT NULL,
    superseded_at timestamp with time zone,
    superseded_reason text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_signature__clinic_id_addendum_id FOREIGN KEY (clinic_id, addendum_id) REFERENCES addendum(clinic_id, id),
    CONSTRAINT fk_signature__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_signature__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT fk_signature__clinic_id_signer_id FOREIGN KEY (clinic_id, signer_id) REFERENCES principal(clinic_id, id),
    CONSTRAINT pk_signature PRIMARY KEY (clinic_id, id)
);

CREATE TABLE token (
    id uuid NOT NULL,
    digest character varying(64) NOT NULL,
    kind character varying(64) NOT NULL,
    account_id uuid,
    home_clinic_id uuid,
    principal_id uuid,
    scopes jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    authenticated_at timestamp with time zone,
    expires_at timestamp with time zone NOT NULL,
    idle_expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT fk_token__account_id FOREIGN KEY (account_id) REFERENCES account(id),
    CONSTRAINT pk_token PRIMARY KEY (id),
    CONSTRAINT uq_token__digest UNIQUE (digest)
);

CREATE TABLE treatment_session (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    course_id uuid NOT NULL,
    plan_item_id uuid,
    location_id uuid,
    number_in_course integer NOT NULL,
    status character varying(64) NOT NULL,
    held_from character varying(64),
    drug character varying(64) NOT NULL,
    route character varying(64) NOT NULL,
    setting character varying(64) NOT NULL,
    scheduled_start_at timestamp with time zone,
    session_at timestamp with time zone NOT NULL,
    checked_in_at timestamp with time zone,
    check_in jsonb,
    cleared_at timestamp with time zone,
    started_at timestamp with time zone,
    given_on date,
    last_started_at timestamp with time zone,
    last_dose_at timestamp with time zone,
    dosing_ended_at timestamp with time zone,
    discharged_at timestamp with time zone,
    condition_at_discharge character varying(200),
    escort_name character varying(200),
    escort_relation character varying(200),
    escort_phone character varying(200),
    escort_left_at timestamp with time zone,
    instructions_version character varying(200),
    would_have_been_ready_at timestamp with time zone,
    discharge_criteria jsonb,
    discharge_override_reason text,
    left_against_advice boolean,
    leaving_told_to character varying(200),
    ended_reason text,
    aborted_at timestamp with time zone,
    abort_reason text,
    deviations jsonb NOT NULL,
    policy_versions jsonb NOT NULL,
    recorded_afterwards boolean NOT NULL,
    recorded_after_minutes integer,
    gates jsonb NOT NULL,
    note text,
    signed_at timestamp with time zone,
    amended boolean NOT NULL,
    amendment_opened_at timestamp with time zone,
    amendment_reason text,
    copied_from_id uuid,
    copied_to_id uuid,
    cosigner_due character varying(64),
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_treatment_session__ends_after_start CHECK (((discharged_at IS NULL) OR (started_at IS NULL) OR (discharged_at >= started_at))),
    CONSTRAINT ck_treatment_session__status_in_set CHECK (((status)::text = ANY ((ARRAY['scheduled'::character varying, 'checked_in'::character varying, 'cleared'::character varying, 'held'::character varying, 'dosing'::character varying, 'observing'::character varying, 'discharged'::character varying, 'signed'::character varying, 'cancelled'::character varying, 'no_show'::character varying])::text[]))),
    CONSTRAINT fk_treatment_session__clinic_id_copied_from_id FOREIGN KEY (clinic_id, copied_from_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT fk_treatment_session__clinic_id_copied_to_id FOREIGN KEY (clinic_id, copied_to_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT fk_treatment_session__clinic_id_course_id FOREIGN KEY (clinic_id, course_id) REFERENCES course(clinic_id, id),
    CONSTRAINT fk_treatment_session__clinic_id_location_id FOREIGN KEY (clinic_id, location_id) REFERENCES location(clinic_id, id),
    CONSTRAINT fk_treatment_session__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_treatment_session__clinic_id_plan_item_id FOREIGN KEY (clinic_id, plan_item_id) REFERENCES plan_item(clinic_id, id),
    CONSTRAINT pk_treatment_session PRIMARY KEY (clinic_id, id),
    CONSTRAINT uq_treatment_session__clinic_id_course_id_number_in_course UNIQUE (clinic_id, course_id, number_in_course)
);

CREATE TABLE vital_signs (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    session_id uuid NOT NULL,
    measured_at timestamp with time zone NOT NULL,
    measured_by character varying(200),
    source character varying(64) NOT NULL,
    systolic_mmhg integer,
    diastolic_mmhg integer,
    heart_rate_bpm integer,
    respiratory_rate_per_min integer,
    spo2_percent integer,
    oxygen_l_per_min bigint,
    temperature_c bigint,
    sedation_moaas integer,
    note text,
    late boolean NOT NULL,
    slot_conflict boolean NOT NULL,
    device_sent_at timestamp with time zone,
    clock_skew_seconds integer,
    after_signature boolean NOT NULL,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_vital_signs__diastolic_mmhg_in_range CHECK (((diastolic_mmhg >= 10) AND (diastolic_mmhg <= 250))),
    CONSTRAINT ck_vital_signs__heart_rate_bpm_in_range CHECK (((heart_rate_bpm >= 0) AND (heart_rate_bpm <= 350))),
    CONSTRAINT ck_vital_signs__pressure_possible CHECK (((diastolic_mmhg IS NULL) OR (systolic_mmhg IS NULL) OR (diastolic_mmhg < systolic_mmhg))),
    CONSTRAINT ck_vital_signs__respiratory_rate_per_min_in_range CHECK (((respiratory_rate_per_min >= 0) AND (respiratory_rate_per_min <= 100))),
    CONSTRAINT ck_vital_signs__sedation_moaas_in_range CHECK (((sedation_moaas >= 0) AND (sedation_moaas <= 5))),
    CONSTRAINT ck_vital_signs__spo2_percent_in_range CHECK (((spo2_percent >= 0) AND (spo2_percent <= 100))),
    CONSTRAINT ck_vital_signs__systolic_mmhg_in_range CHECK (((systolic_mmhg >= 20) AND (systolic_mmhg <= 350))),
    CONSTRAINT fk_vital_signs__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_vital_signs__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT pk_vital_signs PRIMARY KEY (clinic_id, id)
);

CREATE TABLE vital_slot (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    session_id uuid NOT NULL,
    kind character varying(64) NOT NULL,
    asks jsonb NOT NULL,
    minutes_from_t0 integer,
    cause_id uuid,
    findings jsonb NOT NULL,
    due_at timestamp with time zone NOT NULL,
    late_from timestamp with time zone NOT NULL,
    window_from timestamp with time zone NOT NULL,
    window_until timestamp with time zone,
    reading_id uuid,
    measured_late boolean NOT NULL,
    missed_at timestamp with time zone,
    missed_by uuid,
    missed_reason text,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_vital_slot__done_or_missed CHECK (((reading_id IS NULL) OR (missed_at IS NULL))),
    CONSTRAINT ck_vital_slot__kind_in_set CHECK (((kind)::text = ANY ((ARRAY['baseline'::character varying, 'planned'::character varying, 'repeat'::character varying])::text[]))),
    CONSTRAINT ck_vital_slot__planned_has_minutes CHECK ((((kind)::text = 'planned'::text) = (minutes_from_t0 IS NOT NULL))),
    CONSTRAINT ck_vital_slot__repeat_has_cause CHECK ((((kind)::text = 'repeat'::text) = (cause_id IS NOT NULL))),
    CONSTRAINT fk_vital_slot__clinic_id_cause_id FOREIGN KEY (clinic_id, cause_id) REFERENCES vital_signs(clinic_id, id),
    CONSTRAINT fk_vital_slot__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_vital_slot__clinic_id_reading_id FOREIGN KEY (clinic_id, reading_id) REFERENCES vital_signs(clinic_id, id),
    CONSTRAINT fk_vital_slot__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT pk_vital_slot PRIMARY KEY (clinic_id, id)
);

CREATE TABLE watch (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    session_id uuid NOT NULL,
    staff_id uuid NOT NULL,
    watched_from timestamp with time zone NOT NULL,
    note text,
    after_signature boolean NOT NULL,
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_watch__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT fk_watch__clinic_id_session_id FOREIGN KEY (clinic_id, session_id) REFERENCES treatment_session(clinic_id, id),
    CONSTRAINT fk_watch__clinic_id_staff_id FOREIGN KEY (clinic_id, staff_id) REFERENCES principal(clinic_id, id),
    CONSTRAINT pk_watch PRIMARY KEY (clinic_id, id)
);

CREATE TABLE weight (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    weight_kg bigint NOT NULL,
    measured_at timestamp with time zone NOT NULL,
    measured_by character varying(200),
    origin character varying(64) NOT NULL,
    create_digest character varying(64),
    entered_in_error_at timestamp with time zone,
    entered_in_error_by uuid,
    entered_in_error_reason text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_weight__weight_kg_in_range CHECK (((weight_kg >= 100) AND (weight_kg <= 50000))),
    CONSTRAINT fk_weight__clinic_id_patient_id FOREIGN KEY (clinic_id, patient_id) REFERENCES patient(clinic_id, id),
    CONSTRAINT pk_weight PRIMARY KEY (clinic_id, id)
);

CREATE INDEX ix_addendum__clinic_id_patient_id ON public.addendum USING btree (clinic_id, patient_id);

CREATE INDEX ix_addendum__clinic_id_session_id_id ON public.addendum USING btree (clinic_id, session_id, id);

CREATE INDEX ix_administration__clinic_id_dose_order_id ON public.administration USING btree (clinic_id, dose_order_id);

CREATE INDEX ix_administration__clinic_id_patient_id_started_at ON public.administration USING btree (clinic_id, patient_id, started_at);

CREATE INDEX ix_administration__clinic_id_reconciled_stopped_at_id ON public.administration USING btree (clinic_id, reconciled, stopped_at, id);

CREATE INDEX ix_administration__clinic_id_session_id_recorded_at_id ON public.administration USING btree (clinic_id, session_id, recorded_at, id);

CREATE INDEX ix_adverse_event__clinic_id_course_id_onset_at_id ON public.adverse_event USING btree (clinic_id, course_id, onset_at, id);

CREATE INDEX ix_adverse_event__clinic_id_onset_at_id ON public.adverse_event USING btree (clinic_id, onset_at, id);

CREATE INDEX ix_adverse_event__clinic_id_patient_id_onset_at_id ON public.adverse_event USING btree (clinic_id, patient_id, onset_at, id);

CREATE INDEX ix_adverse_event__clinic_id_report_due_on_id ON public.adverse_event USING btree (clinic_id, report_due_on, id);

CREATE INDEX ix_adverse_event__clinic_id_session_id_onset_at_id ON public.adverse_event USING btree (clinic_id, session_id, onset_at, id);

CREATE INDEX ix_alert__clinic_id_cause_id ON public.alert USING btree (clinic_id, cause_id);

CREATE INDEX ix_alert__clinic_id_patient_id_raised_at ON public.alert USING btree (clinic_id, patient_id, raised_at);

CREATE INDEX ix_alert__clinic_id_raised_at_id ON public.alert USING btree (clinic_id, raised_at, id);

CREATE INDEX ix_alert__clinic_id_session_id_raised_at_id ON public.alert USING btree (clinic_id, session_id, raised_at, id);

CREATE INDEX ix_alert__clinic_id_status_raised_at ON public.alert USING btree (clinic_id, status, raised_at);

CREATE INDEX ix_alert__clock ON public.alert USING btree (escalates_at, clinic_id) WHERE (escalates_at IS NOT NULL);

CREATE INDEX ix_allergy__clinic_id_patient_id_id ON public.allergy USING btree (clinic_id, patient_id, id);

CREATE INDEX ix_assessment__clinic_id_assessed_at_id ON public.assessment USING btree (clinic_id, assessed_at, id);

CREATE INDEX ix_assessment__clinic_id_course_id_instrument_assessed_at_id ON public.assessment USING btree (clinic_id, course_id, instrument, assessed_at, id);

CREATE INDEX ix_assessment__clinic_id_instrument_assessed_at_id ON public.assessment USING btree (clinic_id, instrument, assessed_at, id);

CREATE INDEX ix_assessment__clinic_id_patient_id_assessed_at_id ON public.assessment USING btree (clinic_id, patient_id, assessed_at, id);

CREATE INDEX ix_assessment__clinic_id_session_id_assessed_at_id ON public.assessment USING btree (clinic_id, session_id, assessed_at, id);

CREATE INDEX ix_change__clinic_id_root_type_root_id_recorded_at ON public.change USING btree (clinic_id, root_type, root_id, recorded_at);

CREATE INDEX ix_change__unsealed ON public.change USING btree (clinic_id, recorded_at) WHERE (sequence IS NULL);

CREATE INDEX ix_client_secret__clinic_id_client_id ON public.client_secret USING btree (clinic_id, client_id);

CREATE INDEX ix_condition__clinic_id_patient_id_id ON public.condition USING btree (clinic_id, patient_id, id);

CREATE INDEX ix_consent__clinic_id_expires_on_id ON public.consent USING btree (clinic_id, expires_on, id);

CREATE INDEX ix_consent__clinic_id_patient_id_signed_on ON public.consent USING btree (clinic_id, patient_id, signed_on);

CREATE INDEX ix_consent__clinic_id_signed_on_id ON public.consent USING btree (clinic_id, signed_on, id);

CREATE INDEX ix_course__clinic_id_episode_id_starts_on_id ON public.course USING btree (clinic_id, episode_id, starts_on, id);

CREATE INDEX ix_course__clinic_id_patient_id_id ON public.course USING btree (clinic_id, patient_id, id);

CREATE INDEX ix_course__clinic_id_prescriber_id ON public.course USING btree (clinic_id, prescriber_id);

CREATE INDEX ix_course__clinic_id_status_id ON public.course USING btree (clinic_id, status, id);

CREATE INDEX ix_dissociation_note__clinic_id_observed_at_id ON public.dissociation_note USING btree (clinic_id, observed_at, id);

CREATE INDEX ix_dissociation_note__clinic_id_patient_id_observed_at ON public.dissociation_note USING btree (clinic_id, patient_id, observed_at);

CREATE INDEX ix_dissociation_note__clinic_id_session_id_observed_at_id ON public.dissociation_note USING btree (clinic_id, session_id, observed_at, id);

CREATE INDEX ix_dose_decision__clinic_id_assessment_id ON public.dose_decision USING btree (clinic_id, assessment_id);

CREATE INDEX ix_dose_decision__clinic_id_course_id_decided_at_id ON public.dose_decision USING btree (clinic_id, course_id, decided_at, id);

CREATE INDEX ix_dose_decision__clinic_id_patient_id ON public.dose_decision USING btree (clinic_id, patient_id);

CREATE INDEX ix_dose_event__clinic_id_administration_id_occurred_at_ordinal ON public.dose_event USING btree (clinic_id, administration_id, occurred_at, ordinal);

CREATE INDEX ix_dose_event__clinic_id_occurred_at_id ON public.dose_event USING btree (clinic_id, occurred_at, id);

CREATE INDEX ix_dose_event__clinic_id_patient_id ON public.dose_event USING btree (clinic_id, patient_id);

CREATE INDEX ix_dose_event__clinic_id_session_id_id ON public.dose_event USING btree (clinic_id, session_id, id);

CREATE INDEX ix_dose_order__clinic_id_patient_id ON public.dose_order USING btree (clinic_id, patient_id);

CREATE INDEX ix_dose_order__clinic_id_session_id_ordered_at_id ON public.dose_order USING btree (clinic_id, session_id, ordered_at, id);

CREATE INDEX ix_episode__clinic_id_patient_id_id ON public.episode USING btree (clinic_id, patient_id, id);

CREATE INDEX ix_external_treatment__clinic_id_patient_id_counted_from ON public.external_treatment USING btree (clinic_id, patient_id, counted_from);

CREATE INDEX ix_gate_override__clinic_id_patient_id ON public.gate_override USING btree (clinic_id, patient_id);

CREATE INDEX ix_gate_override__clinic_id_session_id_id ON public.gate_override USING btree (clinic_id, session_id, id);

CREATE INDEX ix_idempotency_key__created_at ON public.idempotency_key USING btree (created_at);

CREATE INDEX ix_medication__clinic_id_patient_id_id ON public.medication USING btree (clinic_id, patient_id, id);

CREATE INDEX ix_medication_trial__clinic_id_episode_id ON public.medication_trial USING btree (clinic_id, episode_id);

CREATE INDEX ix_medication_trial__clinic_id_patient_id_id ON public.medication_trial USING btree (clinic_id, patient_id, id);

CREATE INDEX ix_patient__clinic_id_birth_on ON public.patient USING btree (clinic_id, birth_on);

CREATE INDEX ix_patient__clinic_id_family_name_folded_given_name_folded_id ON public.patient USING btree (clinic_id, family_name_folded, given_name_folded, id);

CREATE INDEX ix_patient_identifier__clinic_id_patient_id ON public.patient_identifier USING btree (clinic_id, patient_id);

CREATE INDEX ix_patient_limit__clinic_id_patient_id_code_effective_at ON public.patient_limit USING btree (clinic_id, patient_id, code, effective_at);

CREATE INDEX ix_plan_item__clinic_id_patient_id ON public.plan_item USING btree (clinic_id, patient_id);

CREATE INDEX ix_plan_item__clinic_id_starts_at ON public.plan_item USING btree (clinic_id, starts_at);

CREATE INDEX ix_policy_setting__clinic_id_code_effective_at ON public.policy_setting USING btree (clinic_id, code, effective_at);

CREATE INDEX ix_policy_setting__clinic_id_effective_at_id ON public.policy_setting USING btree (clinic_id, effective_at, id);

CREATE INDEX ix_principal__account_id ON public.principal USING btree (account_id);

CREATE INDEX ix_principal__id ON public.principal USING btree (id);

CREATE INDEX ix_programme_enrolment__clinic_id_ended_on_id ON public.programme_enrolment USING btree (clinic_id, ended_on, id);

CREATE INDEX ix_programme_enrolment__clinic_id_enrolled_on_id ON public.programme_enrolment USING btree (clinic_id, enrolled_on, id);

CREATE INDEX ix_programme_enrolment__clinic_id_location_id ON public.programme_enrolment USING btree (clinic_id, location_id);

CREATE INDEX ix_programme_enrolment__clinic_id_patient_id_enrolled_on ON public.programme_enrolment USING btree (clinic_id, patient_id, enrolled_on);

CREATE INDEX ix_reassignment__clinic_id_copied_session_id_id ON public.reassignment USING btree (clinic_id, copied_session_id, id);

CREATE INDEX ix_reassignment__clinic_id_course_id ON public.reassignment USING btree (clinic_id, course_id);

CREATE INDEX ix_reassignment__clinic_id_patient_id_id ON public.reassignment USING btree (clinic_id, patient_id, id);

CREATE INDEX ix_reassignment__clinic_id_session_id_id ON public.reassignment USING btree (clinic_id, session_id, id);

CREATE INDEX ix_reassignment__clinic_id_status_recorded_at_id ON public.reassignment USING btree (clinic_id, status, recorded_at, id);

CREATE INDEX ix_reassignment__clinic_id_to_course_id ON public.reassignment USING btree (clinic_id, to_course_id);

CREATE INDEX ix_reassignment__clinic_id_to_patient_id_id ON public.reassignment USING btree (clinic_id, to_patient_id, id);

CREATE INDEX ix_reproductive_fact__clinic_id_observed_on_id ON public.reproductive_fact USING btree (clinic_id, observed_on, id);

CREATE INDEX ix_reproductive_fact__clinic_id_patient_id_observed_on_id ON public.reproductive_fact USING btree (clinic_id, patient_id, observed_on, id);

CREATE INDEX ix_screening__clinic_id_expires_on_id ON public.screening USING btree (clinic_id, expires_on, id);

CREATE INDEX ix_screening__clinic_id_patient_id_screened_at ON public.screening USING btree (clinic_id, patient_id, screened_at);

CREATE INDEX ix_screening__clinic_id_screened_at_id ON public.screening USING btree (clinic_id, screened_at, id);

CREATE INDEX ix_screening__clinic_id_session_id_screened_at ON public.screening USING btree (clinic_id, session_id, screened_at);

CREATE INDEX ix_signature__clinic_id_addendum_id ON public.signature USING btree (clinic_id, addendum_id);

CREATE INDEX ix_signature__clinic_id_patient_id ON public.signature USING btree (clinic_id, patient_id);

CREATE INDEX ix_signature__clinic_id_session_id_signed_at_id ON public.signature USING btree (clinic_id, session_id, signed_at, id);

CREATE INDEX ix_signature__clinic_id_signer_id ON public.signature USING btree (clinic_id, signer_id);

CREATE INDEX ix_token__account_id ON public.token USING btree (account_id);

CREATE INDEX ix_treatment_session__amendment_open ON public.treatment_session USING btree (clinic_id, amendment_opened_at, id) WHERE (amendment_opened_at IS NOT NULL);

CREATE INDEX ix_treatment_session__clinic_id_copied_from_id ON public.treatment_session USING btree (clinic_id, copied_from_id);

CREATE INDEX ix_treatment_session__clinic_id_copied_to_id ON public.treatment_session USING btree (clinic_id, copied_to_id);

CREATE INDEX ix_treatment_session__clinic_id_location_id ON public.treatment_session USING btree (clinic_id, location_id);

CREATE INDEX ix_treatment_session__clinic_id_patient_id_session_at ON public.treatment_session USING btree (clinic_id, patient_id, session_at);

CREATE INDEX ix_treatment_session__clinic_id_plan_item_id ON public.treatment_session USING btree (clinic_id, plan_item_id);

CREATE INDEX ix_treatment_session__clinic_id_session_at_id ON public.treatment_session USING btree (clinic_id, session_at, id);

CREATE INDEX ix_treatment_session__clinic_id_status_route_session_at_id ON public.treatment_session USING btree (clinic_id, status, route, session_at, id);

CREATE INDEX ix_treatment_session__clinic_id_status_session_at_id ON public.treatment_session USING btree (clinic_id, status, session_at, id);

CREATE INDEX ix_treatment_session__clinic_id_updated_at_id ON public.treatment_session USING btree (clinic_id, updated_at, id);

CREATE INDEX ix_treatment_session__cosigner_due ON public.treatment_session USING btree (clinic_id, signed_at, id) WHERE (cosigner_due IS NOT NULL);

CREATE INDEX ix_vital_signs__clinic_id_measured_at_id ON public.vital_signs USING btree (clinic_id, measured_at, id);

CREATE INDEX ix_vital_signs__clinic_id_patient_id_measured_at ON public.vital_signs USING btree (clinic_id, patient_id, measured_at);

CREATE INDEX ix_vital_signs__clinic_id_session_id_measured_at_id ON public.vital_signs USING btree (clinic_id, session_id, measured_at, id);

CREATE INDEX ix_vital_slot__clinic_id_cause_id ON public.vital_slot USING btree (clinic_id, cause_id);

CREATE INDEX ix_vital_slot__clinic_id_patient_id_due_at ON public.vital_slot USING btree (clinic_id, patient_id, due_at);

CREATE INDEX ix_vital_slot__clinic_id_reading_id_due_at_id ON public.vital_slot USING btree (clinic_id, reading_id, due_at, id);

CREATE INDEX ix_vital_slot__clinic_id_session_id_due_at_id ON public.vital_slot USING btree (clinic_id, session_id, due_at, id);

CREATE INDEX ix_vital_slot__open ON public.vital_slot USING btree (clinic_id, due_at, id) WHERE ((reading_id IS NULL) AND (missed_at IS NULL) AND (entered_in_error_at IS NULL));

CREATE INDEX ix_watch__clinic_id_patient_id ON public.watch USING btree (clinic_id, patient_id);

CREATE INDEX ix_watch__clinic_id_session_id_watched_from_id ON public.watch USING btree (clinic_id, session_id, watched_from, id);

CREATE INDEX ix_watch__clinic_id_staff_id ON public.watch USING btree (clinic_id, staff_id);

CREATE INDEX ix_weight__clinic_id_patient_id_measured_at ON public.weight USING btree (clinic_id, patient_id, measured_at);

CREATE OR REPLACE FUNCTION public.refuse_change_of_ledger()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$ BEGIN RAISE EXCEPTION 'the ledger of changes is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $function$;

CREATE TRIGGER change_refuses_delete BEFORE DELETE ON public.change FOR EACH ROW EXECUTE FUNCTION refuse_change_of_ledger();

CREATE TRIGGER change_refuses_truncate BEFORE TRUNCATE ON public.change FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ledger();

CREATE TRIGGER change_refuses_update BEFORE UPDATE ON public.change FOR EACH ROW WHEN ((NOT (((old.sequence IS NULL) AND (new.sequence IS NOT NULL) AND (NOT (new.clinic_id IS DISTINCT FROM old.clinic_id)) AND (NOT (new.id IS DISTINCT FROM old.id)) AND (NOT ((new.root_type)::text IS DISTINCT FROM (old.root_type)::text)) AND (NOT (new.root_id IS DISTINCT FROM old.root_id)) AND (NOT ((new.resource_type)::text IS DISTINCT FROM (old.resource_type)::text)) AND (NOT (new.resource_id IS DISTINCT FROM old.resource_id)) AND (NOT (new.version IS DISTINCT FROM old.version)) AND (NOT (new.ordinal IS DISTINCT FROM old.ordinal)) AND (NOT ((new.event)::text IS DISTINCT FROM (old.event)::text)) AND (NOT ((new.kind)::text IS DISTINCT FROM (old.kind)::text)) AND (NOT (new.principal_id IS DISTINCT FROM old.principal_id)) AND (NOT ((new.source)::text IS DISTINCT FROM (old.source)::text)) AND (NOT (new.reason IS DISTINCT FROM old.reason)) AND (NOT ((new.request_id)::text IS DISTINCT FROM (old.request_id)::text)) AND (NOT (new.occurred_at IS DISTINCT FROM old.occurred_at)) AND (NOT (new.recorded_at IS DISTINCT FROM old.recorded_at)) AND (NOT ((new.sensitivity)::text IS DISTINCT FROM (old.sensitivity)::text)) AND (NOT (new.content_schema IS DISTINCT FROM old.content_schema)) AND (NOT (new.content IS DISTINCT FROM old.content)) AND (NOT ((new.content_digest)::text IS DISTINCT FROM (old.content_digest)::text))) OR ((old.content IS NOT NULL) AND (new.content IS NULL) AND (NOT (new.clinic_id IS DISTINCT FROM old.clinic_id)) AND (NOT (new.id IS DISTINCT FROM old.id)) AND (NOT ((new.root_type)::text IS DISTINCT FROM (old.root_type)::text)) AND (NOT (new.root_id IS DISTINCT FROM old.root_id)) AND (NOT ((new.resource_type)::text IS DISTINCT FROM (old.resource_type)::text)) AND (NOT (new.resource_id IS DISTINCT FROM old.resource_id)) AND (NOT (new.version IS DISTINCT FROM old.version)) AND (NOT (new.ordinal IS DISTINCT FROM old.ordinal)) AND (NOT ((new.event)::text IS DISTINCT FROM (old.event)::text)) AND (NOT ((new.kind)::text IS DISTINCT FROM (old.kind)::text)) AND (NOT (new.principal_id IS DISTINCT FROM old.principal_id)) AND (NOT ((new.source)::text IS DISTINCT FROM (old.source)::text)) AND (NOT (new.reason IS DISTINCT FROM old.reason)) AND (NOT ((new.request_id)::text IS DISTINCT FROM (old.request_id)::text)) AND (NOT (new.occurred_at IS DISTINCT FROM old.occurred_at)) AND (NOT (new.recorded_at IS DISTINCT FROM old.recorded_at)) AND (NOT ((new.sensitivity)::text IS DISTINCT FROM (old.sensitivity)::text)) AND (NOT (new.content_schema IS DISTINCT FROM old.content_schema)) AND (NOT ((new.content_digest)::text IS DISTINCT FROM (old.content_digest)::text)) AND (NOT (new.sequence IS DISTINCT FROM old.sequence)))))) EXECUTE FUNCTION refuse_change_of_ledger();

