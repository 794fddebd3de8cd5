CREATE TABLE account (
    id CHAR(32) NOT NULL,
    username VARCHAR(200) NOT NULL,
    password_hash VARCHAR(200),
    is_operator BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT uq_account__username UNIQUE (username)
);

CREATE TABLE addendum (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    session_id CHAR(32) NOT NULL,
    text TEXT NOT NULL,
    after_signature BOOLEAN NOT NULL,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_addendum PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_addendum__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_addendum__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id)
);

CREATE TABLE administration (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    session_id CHAR(32) NOT NULL,
    dose_order_id CHAR(32),
    drug VARCHAR(64) NOT NULL,
    route VARCHAR(64) NOT NULL,
    state VARCHAR(64) NOT NULL,
    placebo BOOLEAN NOT NULL,
    product VARCHAR(200),
    lot VARCHAR(200),
    expires_on DATE,
    ndc VARCHAR(64),
    concentration_mg_per_ml BIGINT,
    access_site VARCHAR(200),
    catheter_gauge INTEGER,
    diluent VARCHAR(200),
    bag_total_ml BIGINT,
    infiltration BOOLEAN,
    pump VARCHAR(200),
    form VARCHAR(64),
    unit_strength_mg BIGINT,
    hold_minutes INTEGER,
    disposition VARCHAR(64),
    observer_present BOOLEAN,
    peer_monitor_name VARCHAR(200),
    dispensed_units BIGINT,
    remaining_units BIGINT,
    days_supply INTEGER,
    self_administered BOOLEAN,
    supervised_by VARCHAR(200),
    administered_by VARCHAR(200),
    verified_by VARCHAR(200),
    started_at DATETIME,
    stopped_at DATETIME,
    infusion_minutes BIGINT,
    drawn_mg BIGINT,
    drawn_ml BIGINT,
    delivered_mg BIGINT,
    delivered_source VARCHAR(64) NOT NULL,
    projected_mg BIGINT,
    weight_kg BIGINT,
    current_weight_kg BIGINT,
    delivered_mg_per_kg BIGINT,
    devices_used INTEGER,
    estimated_loss_mg BIGINT,
    wasted_mg BIGINT,
    returned_mg BIGINT,
    unaccounted_mg BIGINT,
    reconciled BOOLEAN NOT NULL,
    deviations JSON NOT NULL,
    policy_versions JSON NOT NULL,
    rule_version INTEGER NOT NULL,
    note TEXT,
    after_signature BOOLEAN NOT NULL,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_administration PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_administration__variant CHECK ((drug = 'ketamine' AND route IN ('intravenous')) OR (drug = 'ketamine' AND route IN ('intramuscular', 'subcutaneous')) OR (drug = 'ketamine' AND route IN ('oral', 'sublingual')) OR (drug = 'ketamine' AND route IN ('intranasal')) OR (drug = 'esketamine' AND route IN ('intranasal'))),
    CONSTRAINT ck_administration__access_site_of_variant CHECK (access_site IS NULL OR (drug = 'ketamine' AND route IN ('intravenous'))),
    CONSTRAINT ck_administration__bag_total_ml_of_variant CHECK (bag_total_ml IS NULL OR (drug = 'ketamine' AND route IN ('intravenous'))),
    CONSTRAINT ck_administration__catheter_gauge_of_variant CHECK (catheter_gauge IS NULL OR (drug = 'ketamine' AND route IN ('intravenous'))),
    CONSTRAINT ck_administration__concentration_mg_per_ml_of_variant CHECK (concentration_mg_per_ml IS NULL OR (drug = 'ketamine' AND route IN ('intravenous')) OR (drug = 'ketamine' AND route IN ('intramuscular', 'subcutaneous')) OR (drug = 'ketamine' AND route IN ('intranasal'))),
    CONSTRAINT ck_administration__days_supply_of_variant CHECK (days_supply IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))),
    CONSTRAINT ck_administration__diluent_of_variant CHECK (diluent IS NULL OR (drug = 'ketamine' AND route IN ('intravenous'))),
    CONSTRAINT ck_administration__dispensed_units_of_variant CHECK (dispensed_units IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))),
    CONSTRAINT ck_administration__disposition_of_variant CHECK (disposition IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))),
    CONSTRAINT ck_administration__form_of_variant CHECK (form IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))),
    CONSTRAINT ck_administration__hold_minutes_of_variant CHECK (hold_minutes IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))),
    CONSTRAINT ck_administration__infiltration_of_variant CHECK (infiltration IS NULL OR (drug = 'ketamine' AND route IN ('intravenous'))),
    CONSTRAINT ck_administration__observer_present_of_variant CHECK (observer_present IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))),
    CONSTRAINT ck_administration__peer_monitor_name_of_variant CHECK (peer_monitor_name IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))),
    CONSTRAINT ck_administration__pump_of_variant CHECK (pump IS NULL OR (drug = 'ketamine' AND route IN ('intravenous'))),
    CONSTRAINT ck_administration__remaining_units_of_variant CHECK (remaining_units IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))),
    CONSTRAINT ck_administration__self_administered_of_variant CHECK (self_administered IS NULL OR (drug = 'esketamine' AND route IN ('intranasal'))),
    CONSTRAINT ck_administration__state_in_set CHECK (state IN ('not_started', 'running', 'paused', 'stopped')),
    CONSTRAINT ck_administration__supervised_by_of_variant CHECK (supervised_by IS NULL OR (drug = 'esketamine' AND route IN ('intranasal'))),
    CONSTRAINT ck_administration__unit_strength_mg_of_variant CHECK (unit_strength_mg IS NULL OR (drug = 'ketamine' AND route IN ('oral', 'sublingual'))),
    CONSTRAINT ck_administration__bag_total_ml_not_negative CHECK (bag_total_ml >= 0),
    CONSTRAINT ck_administration__concentration_mg_per_ml_not_negative CHECK (concentration_mg_per_ml >= 0),
    CONSTRAINT ck_administration__delivered_mg_not_negative CHECK (delivered_mg >= 0),
    CONSTRAINT ck_administration__dispensed_units_not_negative CHECK (dispensed_units >= 0),
    CONSTRAINT ck_administration__drawn_mg_not_negative CHECK (drawn_mg >= 0),
    CONSTRAINT ck_administration__estimated_loss_mg_not_negative CHECK (estimated_loss_mg >= 0),
    CONSTRAINT ck_administration__remaining_units_not_negative CHECK (remaining_units >= 0),
    CONSTRAINT ck_administration__returned_mg_not_negative CHECK (returned_mg >= 0),
    CONSTRAINT ck_administration__stops_after_start CHECK (stopped_at IS NULL OR started_at IS NULL OR stopped_at >= started_at),
    CONSTRAINT ck_administration__unit_strength_mg_not_negative CHECK (unit_strength_mg >= 0),
    CONSTRAINT ck_administration__wasted_mg_not_negative CHECK (wasted_mg >= 0),
    CONSTRAINT fk_administration__clinic_id_dose_order_id FOREIGN KEY(clinic_id, dose_order_id) REFERENCES dose_order (clinic_id, id),
    CONSTRAINT fk_administration__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_administration__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id)
);

CREATE TABLE adverse_event (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    course_id CHAR(32),
    session_id CHAR(32),
    term VARCHAR(64) NOT NULL,
    vocabulary_version VARCHAR(64) NOT NULL,
    narrative TEXT,
    onset_at DATETIME NOT NULL,
    onset_minutes_from_t0 INTEGER,
    known_at DATETIME NOT NULL,
    resolved_at DATETIME,
    ongoing BOOLEAN NOT NULL,
    grade INTEGER,
    ctcae_version VARCHAR(64),
    seriousness JSON NOT NULL,
    serious BOOLEAN NOT NULL,
    expected BOOLEAN,
    causality VARCHAR(64),
    action VARCHAR(64),
    outcome VARCHAR(64),
    reporter VARCHAR(200),
    reporting_basis VARCHAR(64) NOT NULL,
    report_due_on DATE,
    reported_to JSON NOT NULL,
    after_signature BOOLEAN NOT NULL,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_adverse_event PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_adverse_event__grade_in_range CHECK (grade >= 1 AND grade <= 5),
    CONSTRAINT ck_adverse_event__ends_after_onset CHECK (resolved_at IS NULL OR resolved_at >= onset_at),
    CONSTRAINT fk_adverse_event__clinic_id_course_id FOREIGN KEY(clinic_id, course_id) REFERENCES course (clinic_id, id),
    CONSTRAINT fk_adverse_event__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_adverse_event__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id)
);

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE alert (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    session_id CHAR(32),
    code VARCHAR(64) NOT NULL,
    severity VARCHAR(64) NOT NULL,
    status VARCHAR(64) NOT NULL,
    cause_type VARCHAR(64) NOT NULL,
    cause_id CHAR(32) NOT NULL,
    rule TEXT NOT NULL,
    policy_version VARCHAR(64),
    raised_at DATETIME NOT NULL,
    escalates_at DATETIME,
    escalation_policy_version VARCHAR(64),
    escalation_level INTEGER NOT NULL,
    escalated_at DATETIME,
    acknowledged_at DATETIME,
    acknowledged_by CHAR(32),
    acknowledge_note TEXT,
    resolved_at DATETIME,
    resolved_by CHAR(32),
    closed_by VARCHAR(64),
    disposition TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_alert PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_alert__status_in_set CHECK (status IN ('open', 'acknowledged', 'resolved', 'historic')),
    CONSTRAINT fk_alert__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE allergy (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    substance VARCHAR(200) NOT NULL,
    reaction VARCHAR(200),
    severity VARCHAR(64),
    source_of_information VARCHAR(64) NOT NULL,
    note TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_allergy PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_allergy__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE assessment (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    course_id CHAR(32),
    session_id CHAR(32),
    instrument VARCHAR(64) NOT NULL,
    instrument_version INTEGER NOT NULL,
    answered_at DATETIME,
    answered_on DATE,
    assessed_at DATETIME NOT NULL,
    sent_as VARCHAR(64) NOT NULL,
    items JSON,
    unscored_items JSON,
    total BIGINT,
    total_source VARCHAR(64) NOT NULL,
    severity VARCHAR(64),
    incomplete BOOLEAN NOT NULL,
    prorated BOOLEAN NOT NULL,
    safety_item INTEGER,
    safety_item_missing BOOLEAN NOT NULL,
    subscores JSON NOT NULL,
    findings JSON NOT NULL,
    scoring_version VARCHAR(64) NOT NULL,
    recall_period VARCHAR(200) NOT NULL,
    hours_since_last_dose BIGINT,
    days_since_last_dose INTEGER,
    too_soon_after_dose BOOLEAN NOT NULL,
    rated_by VARCHAR(200),
    language VARCHAR(64),
    note TEXT,
    after_signature BOOLEAN NOT NULL,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_assessment PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_assessment__one_time CHECK ((answered_at IS NULL) <> (answered_on IS NULL)),
    CONSTRAINT fk_assessment__clinic_id_course_id FOREIGN KEY(clinic_id, course_id) REFERENCES course (clinic_id, id),
    CONSTRAINT fk_assessment__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_assessment__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id)
);

CREATE TABLE change (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    root_type VARCHAR(64) NOT NULL,
    root_id CHAR(32) NOT NULL,
    resource_type VARCHAR(64) NOT NULL,
    resource_id CHAR(32) NOT NULL,
    version INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    event VARCHAR(64) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    principal_id CHAR(32) NOT NULL,
    source VARCHAR(200) NOT NULL,
    reason TEXT,
    request_id VARCHAR(64) NOT NULL,
    occurred_at DATETIME NOT NULL,
    recorded_at DATETIME NOT NULL,
    sensitivity VARCHAR(64) NOT NULL,
    content_schema INTEGER NOT NULL,
    content TEXT,
    content_digest VARCHAR(64) NOT NULL,
    sequence BIGINT,
    CONSTRAINT pk_change PRIMARY KEY (clinic_id, id),
    CONSTRAINT uq_change__clinic_id_resource_type_resource_id_version UNIQUE (clinic_id, resource_type, resource_id, version),
    CONSTRAINT uq_change__clinic_id_sequence UNIQUE (clinic_id, sequence)
);

CREATE TABLE client_secret (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    client_id CHAR(32) NOT NULL,
    digest VARCHAR(64) NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    CONSTRAINT pk_client_secret PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_client_secret__clinic_id_client_id FOREIGN KEY(clinic_id, client_id) REFERENCES principal (clinic_id, id)
);

CREATE TABLE clinic (
    id CHAR(32) NOT NULL,
    name VARCHAR(200) NOT NULL,
    time_zone VARCHAR(64) NOT NULL,
    phone VARCHAR(200),
    email VARCHAR(200),
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_clinic PRIMARY KEY (id)
);

CREATE TABLE clinic_protocol (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    code VARCHAR(64) NOT NULL,
    protocol_version INTEGER NOT NULL,
    name VARCHAR(200) NOT NULL,
    definition JSON NOT NULL,
    reason TEXT NOT NULL,
    retired_at DATETIME,
    retired_by CHAR(32),
    retired_reason TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_clinic_protocol PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_clinic_protocol__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT uq_clinic_protocol__clinic_id_code_protocol_version UNIQUE (clinic_id, code, protocol_version)
);

CREATE TABLE condition (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    name VARCHAR(200) NOT NULL,
    icd10_code VARCHAR(64),
    started_on DATE,
    ended_on DATE,
    source_of_information VARCHAR(64) NOT NULL,
    note TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_condition PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_condition__ends_after_start CHECK (ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on),
    CONSTRAINT fk_condition__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE consent (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    drug VARCHAR(64),
    document_code VARCHAR(64) NOT NULL,
    document_version VARCHAR(64) NOT NULL,
    document_digest VARCHAR(64),
    elements JSON NOT NULL,
    signed_at DATETIME,
    signed_on DATE NOT NULL,
    expires_on DATE NOT NULL,
    signer VARCHAR(64) NOT NULL,
    signer_name VARCHAR(200),
    witness_name VARCHAR(200),
    interpreter_name VARCHAR(200),
    method VARCHAR(64) NOT NULL,
    language VARCHAR(64),
    note TEXT,
    withdrawn_at DATETIME,
    withdrawn_by CHAR(32),
    withdrawn_reason TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_consent PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_consent__expires_after_signing CHECK (expires_on >= signed_on),
    CONSTRAINT fk_consent__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE course (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    episode_id CHAR(32),
    protocol_code VARCHAR(64) NOT NULL,
    protocol_version INTEGER NOT NULL,
    indication_code VARCHAR(64),
    status VARCHAR(64) NOT NULL,
    phase VARCHAR(64) NOT NULL,
    phase_started_on DATE NOT NULL,
    interval_days INTEGER,
    prescriber_id CHAR(32),
    starts_on DATE NOT NULL,
    time_zone VARCHAR(64) NOT NULL,
    ended_on DATE,
    end_reason TEXT,
    note TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_course PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_course__status_in_set CHECK (status IN ('planned', 'active', 'paused', 'completed', 'discontinued')),
    CONSTRAINT fk_course__clinic_id_episode_id FOREIGN KEY(clinic_id, episode_id) REFERENCES episode (clinic_id, id),
    CONSTRAINT fk_course__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_course__clinic_id_prescriber_id FOREIGN KEY(clinic_id, prescriber_id) REFERENCES principal (clinic_id, id)
);

CREATE TABLE dissociation_note (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    session_id CHAR(32) NOT NULL,
    observed_at DATETIME NOT NULL,
    observed_by VARCHAR(200),
    intensity INTEGER,
    phenomena JSON NOT NULL,
    note TEXT,
    action_taken TEXT,
    after_signature BOOLEAN NOT NULL,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_dissociation_note PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_dissociation_note__intensity_in_range CHECK (intensity >= 0 AND intensity <= 10),
    CONSTRAINT fk_dissociation_note__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_dissociation_note__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id)
);

CREATE TABLE dose_decision (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    course_id CHAR(32) NOT NULL,
    phase VARCHAR(64) NOT NULL,
    decision VARCHAR(64) NOT NULL,
    decided_at DATETIME NOT NULL,
    assessment_id CHAR(32),
    dose_mg BIGINT,
    dose_mg_per_kg BIGINT,
    reason TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_dose_decision PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_dose_decision__dose_mg_not_negative CHECK (dose_mg >= 0),
    CONSTRAINT ck_dose_decision__dose_mg_per_kg_not_negative CHECK (dose_mg_per_kg >= 0),
    CONSTRAINT fk_dose_decision__clinic_id_assessment_id FOREIGN KEY(clinic_id, assessment_id) REFERENCES assessment (clinic_id, id),
    CONSTRAINT fk_dose_decision__clinic_id_course_id FOREIGN KEY(clinic_id, course_id) REFERENCES course (clinic_id, id),
    CONSTRAINT fk_dose_decision__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE dose_event (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    session_id CHAR(32) NOT NULL,
    administration_id CHAR(32) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    occurred_at DATETIME NOT NULL,
    ordinal INTEGER NOT NULL,
    rate_mg_per_min BIGINT,
    amount_mg BIGINT,
    body_site VARCHAR(64),
    side VARCHAR(64),
    volume_ml BIGINT,
    device_number INTEGER,
    lot VARCHAR(200),
    expires_on DATE,
    nostril VARCHAR(64),
    second_spray_at DATETIME,
    second_nostril VARCHAR(64),
    blew_nose BOOLEAN,
    leaked BOOLEAN,
    unit_count BIGINT,
    unit_strength_mg BIGINT,
    hold_minutes INTEGER,
    disposition VARCHAR(64),
    reason TEXT,
    performed_by VARCHAR(200),
    ordered_by VARCHAR(200),
    after_signature BOOLEAN NOT NULL,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_dose_event PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_dose_event__blew_nose_of_kind CHECK (blew_nose IS NULL OR kind IN ('device')),
    CONSTRAINT ck_dose_event__body_site_of_kind CHECK (body_site IS NULL OR kind IN ('injection')),
    CONSTRAINT ck_dose_event__device_number_of_kind CHECK (device_number IS NULL OR kind IN ('device')),
    CONSTRAINT ck_dose_event__disposition_of_kind CHECK (disposition IS NULL OR kind IN ('lozenge')),
    CONSTRAINT ck_dose_event__expires_on_of_kind CHECK (expires_on IS NULL OR kind IN ('device')),
    CONSTRAINT ck_dose_event__hold_minutes_of_kind CHECK (hold_minutes IS NULL OR kind IN ('lozenge')),
    CONSTRAINT ck_dose_event__leaked_of_kind CHECK (leaked IS NULL OR kind IN ('device')),
    CONSTRAINT ck_dose_event__lot_of_kind CHECK (lot IS NULL OR kind IN ('device')),
    CONSTRAINT ck_dose_event__nostril_of_kind CHECK (nostril IS NULL OR kind IN ('device', 'spray')),
    CONSTRAINT ck_dose_event__rate_mg_per_min_of_kind CHECK (rate_mg_per_min IS NULL OR kind IN ('rate_change', 'resume', 'start')),
    CONSTRAINT ck_dose_event__second_nostril_of_kind CHECK (second_nostril IS NULL OR kind IN ('device')),
    CONSTRAINT ck_dose_event__second_spray_at_of_kind CHECK (second_spray_at IS NULL OR kind IN ('device')),
    CONSTRAINT ck_dose_event__side_of_kind CHECK (side IS NULL OR kind IN ('injection')),
    CONSTRAINT ck_dose_event__unit_count_of_kind CHECK (unit_count IS NULL OR kind IN ('lozenge')),
    CONSTRAINT ck_dose_event__unit_strength_mg_of_kind CHECK (unit_strength_mg IS NULL OR kind IN ('lozenge')),
    CONSTRAINT ck_dose_event__volume_ml_of_kind CHECK (volume_ml IS NULL OR kind IN ('injection')),
    CONSTRAINT ck_dose_event__amount_mg_not_negative CHECK (amount_mg >= 0),
    CONSTRAINT ck_dose_event__rate_mg_per_min_not_negative CHECK (rate_mg_per_min >= 0),
    CONSTRAINT ck_dose_event__second_spray_after_first CHECK (second_spray_at IS NULL OR second_spray_at >= occurred_at),
    CONSTRAINT ck_dose_event__unit_count_not_negative CHECK (unit_count >= 0),
    CONSTRAINT ck_dose_event__unit_strength_mg_not_negative CHECK (unit_strength_mg >= 0),
    CONSTRAINT ck_dose_event__volume_ml_not_negative CHECK (volume_ml >= 0),
    CONSTRAINT fk_dose_event__clinic_id_administration_id FOREIGN KEY(clinic_id, administration_id) REFERENCES administration (clinic_id, id),
    CONSTRAINT fk_dose_event__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_dose_event__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id)
);

CREATE TABLE dose_order (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    session_id CHAR(32) NOT NULL,
    status VARCHAR(64) NOT NULL,
    drug VARCHAR(64) NOT NULL,
    route VARCHAR(64) NOT NULL,
    ordered_mg BIGINT NOT NULL,
    ordered_mg_per_kg BIGINT,
    ordered_devices INTEGER,
    ordered_units BIGINT,
    unit_strength_mg BIGINT,
    weight_kg BIGINT,
    weight_measured_at DATETIME,
    calculated_mg BIGINT,
    infusion_minutes INTEGER,
    rate_mg_per_min BIGINT,
    confirmed JSON NOT NULL,
    weight_changed BOOLEAN NOT NULL,
    current_weight_kg BIGINT,
    reconfirmed_at DATETIME,
    reconfirmed_by CHAR(32),
    reconfirmed_weight_kg BIGINT,
    ordered_for_another_patient BOOLEAN NOT NULL,
    ordered_at DATETIME NOT NULL,
    prescriber_id CHAR(32) NOT NULL,
    note TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_dose_order PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_dose_order__status_in_set CHECK (status IN ('active', 'superseded')),
    CONSTRAINT ck_dose_order__ordered_devices_not_negative CHECK (ordered_devices >= 0),
    CONSTRAINT ck_dose_order__ordered_mg_not_negative CHECK (ordered_mg >= 0),
    CONSTRAINT ck_dose_order__ordered_units_not_negative CHECK (ordered_units >= 0),
    CONSTRAINT ck_dose_order__unit_strength_mg_not_negative CHECK (unit_strength_mg >= 0),
    CONSTRAINT fk_dose_order__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_dose_order__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id)
);

CREATE TABLE episode (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    indication_code VARCHAR(64),
    began_on DATE,
    ended_on DATE,
    status VARCHAR(64) NOT NULL,
    severity VARCHAR(64),
    note TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_episode PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_episode__status_in_set CHECK (status IN ('open', 'ended')),
    CONSTRAINT ck_episode__ends_after_start CHECK (ended_on IS NULL OR began_on IS NULL OR ended_on >= began_on),
    CONSTRAINT fk_episode__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE external_treatment (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    drug VARCHAR(64) NOT NULL,
    route VARCHAR(64) NOT NULL,
    given_at DATETIME,
    given_on DATE NOT NULL,
    counted_from DATETIME NOT NULL,
    first_given_on DATE,
    sessions INTEGER NOT NULL,
    dose_mg BIGINT,
    provider VARCHAR(200),
    source VARCHAR(64) NOT NULL,
    note TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_external_treatment PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_external_treatment__dose_mg_not_negative CHECK (dose_mg >= 0),
    CONSTRAINT ck_external_treatment__last_after_first CHECK (first_given_on IS NULL OR first_given_on <= given_on),
    CONSTRAINT ck_external_treatment__sessions_counted CHECK (sessions >= 1),
    CONSTRAINT fk_external_treatment__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE gate_override (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    session_id CHAR(32) NOT NULL,
    gate VARCHAR(64) NOT NULL,
    mode VARCHAR(64) NOT NULL,
    policy_version VARCHAR(64) NOT NULL,
    role VARCHAR(64) NOT NULL,
    reason TEXT NOT NULL,
    found JSON NOT NULL,
    badness JSON NOT NULL,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_gate_override PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_gate_override__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_gate_override__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id)
);

CREATE TABLE idempotency_key (
    clinic_id CHAR(32) NOT NULL,
    principal_id CHAR(32) NOT NULL,
    scope_digest VARCHAR(200) NOT NULL,
    request_digest VARCHAR(200) NOT NULL,
    status INTEGER,
    headers JSON,
    body BLOB,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_idempotency_key PRIMARY KEY (clinic_id, principal_id, scope_digest)
);

CREATE TABLE ledger_head (
    clinic_id CHAR(32) NOT NULL,
    last_sequence BIGINT NOT NULL,
    CONSTRAINT pk_ledger_head PRIMARY KEY (clinic_id)
);

CREATE TABLE location (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    name VARCHAR(200) NOT NULL,
    disabled_at DATETIME,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_location PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_location__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT uq_location__clinic_id_name UNIQUE (clinic_id, name)
);

CREATE TABLE login_throttle (
    "key" VARCHAR(64) NOT NULL,
    failures INTEGER NOT NULL,
    blocked_until DATETIME,
    CONSTRAINT pk_login_throttle PRIMARY KEY ("key")
);

CREATE TABLE medication (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    name VARCHAR(200) NOT NULL,
    coding JSON,
    class_codes JSON,
    interactions JSON,
    interactions_version VARCHAR(64) NOT NULL,
    dose VARCHAR(200),
    taken_as VARCHAR(64) NOT NULL,
    diazepam_equivalent_mg_per_day BIGINT,
    started_on DATE,
    ended_on DATE,
    note TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_medication PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_medication__diazepam_equivalent_mg_per_day_not_negative CHECK (diazepam_equivalent_mg_per_day >= 0),
    CONSTRAINT ck_medication__ends_after_start CHECK (ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on),
    CONSTRAINT fk_medication__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE medication_trial (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    episode_id CHAR(32),
    drug VARCHAR(200) NOT NULL,
    class_code VARCHAR(64),
    max_dose_mg_per_day BIGINT,
    adequate_dose BOOLEAN,
    started_on DATE,
    ended_on DATE,
    weeks INTEGER,
    adherence VARCHAR(64),
    response_percent INTEGER,
    stop_reason VARCHAR(64),
    augmentations JSON NOT NULL,
    optimisations INTEGER NOT NULL,
    adequate BOOLEAN,
    adequate_athf BOOLEAN,
    failed BOOLEAN,
    rule_version VARCHAR(64) NOT NULL,
    source_of_information VARCHAR(64) NOT NULL,
    note TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_medication_trial PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_medication_trial__ends_after_start CHECK (ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on),
    CONSTRAINT ck_medication_trial__max_dose_mg_per_day_not_negative CHECK (max_dose_mg_per_day >= 0),
    CONSTRAINT ck_medication_trial__optimisations_not_negative CHECK (optimisations >= 0),
    CONSTRAINT ck_medication_trial__response_percent_in_range CHECK (response_percent >= -100 AND response_percent <= 100),
    CONSTRAINT ck_medication_trial__weeks_not_negative CHECK (weeks >= 0),
    CONSTRAINT fk_medication_trial__clinic_id_episode_id FOREIGN KEY(clinic_id, episode_id) REFERENCES episode (clinic_id, id),
    CONSTRAINT fk_medication_trial__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE patient (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    given_name VARCHAR(200) NOT NULL,
    family_name VARCHAR(200) NOT NULL,
    preferred_name VARCHAR(200),
    given_name_folded VARCHAR(200) NOT NULL,
    family_name_folded VARCHAR(200) NOT NULL,
    birth_on DATE,
    birth_year INTEGER,
    sex VARCHAR(64) NOT NULL,
    gender VARCHAR(200),
    pronouns VARCHAR(200),
    language VARCHAR(64),
    time_zone VARCHAR(64),
    phone VARCHAR(200),
    email VARCHAR(200),
    address TEXT,
    emergency_contact JSON,
    identifiers JSON NOT NULL,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_patient PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_patient__birth_known CHECK (birth_on IS NOT NULL OR birth_year IS NOT NULL),
    CONSTRAINT fk_patient__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id)
);

CREATE TABLE patient_identifier (
    clinic_id CHAR(32) NOT NULL,
    system VARCHAR(200) NOT NULL,
    value VARCHAR(200) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    CONSTRAINT pk_patient_identifier PRIMARY KEY (clinic_id, system, value),
    CONSTRAINT fk_patient_identifier__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE patient_limit (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    code VARCHAR(64) NOT NULL,
    value JSON,
    effective_at DATETIME NOT NULL,
    reason TEXT NOT NULL,
    source TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_patient_limit PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_patient_limit__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE plan_item (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    course_id CHAR(32) NOT NULL,
    number INTEGER NOT NULL,
    phase VARCHAR(64) NOT NULL,
    week INTEGER NOT NULL,
    planned_on DATE NOT NULL,
    local_time VARCHAR(64) NOT NULL,
    time_zone VARCHAR(64) NOT NULL,
    starts_at DATETIME NOT NULL,
    session_id CHAR(32),
    left_out_at DATETIME,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_plan_item PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_plan_item__clinic_id_course_id FOREIGN KEY(clinic_id, course_id) REFERENCES course (clinic_id, id),
    CONSTRAINT fk_plan_item__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT uq_plan_item__clinic_id_course_id_number UNIQUE (clinic_id, course_id, number)
);

CREATE TABLE policy_setting (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    code VARCHAR(64) NOT NULL,
    value JSON,
    effective_at DATETIME NOT NULL,
    reason TEXT NOT NULL,
    source TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_policy_setting PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_policy_setting__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id)
);

CREATE TABLE principal (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    name VARCHAR(200) NOT NULL,
    account_id CHAR(32),
    username VARCHAR(200),
    roles JSON NOT NULL,
    scopes JSON NOT NULL,
    secret_rotated_at DATETIME,
    disabled_at DATETIME,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_principal PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_principal__kind_in_set CHECK (kind IN ('staff', 'client', 'system')),
    CONSTRAINT fk_principal__account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_principal__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT uq_principal__clinic_id_account_id UNIQUE (clinic_id, account_id)
);

CREATE TABLE programme_enrolment (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32),
    location_id CHAR(32),
    programme VARCHAR(64) NOT NULL,
    reference VARCHAR(200),
    enrolled_on DATE NOT NULL,
    ended_on DATE,
    ended_reason TEXT,
    signed_by_patient BOOLEAN,
    signed_by_prescriber BOOLEAN,
    note TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_programme_enrolment PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_programme_enrolment__ends_after_start CHECK (ended_on IS NULL OR ended_on >= enrolled_on),
    CONSTRAINT ck_programme_enrolment__patient_or_place CHECK (patient_id IS NULL OR location_id IS NULL),
    CONSTRAINT fk_programme_enrolment__clinic_id_location_id FOREIGN KEY(clinic_id, location_id) REFERENCES location (clinic_id, id),
    CONSTRAINT fk_programme_enrolment__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_programme_enrolment__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id)
);

CREATE TABLE reassignment (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    session_id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    course_id CHAR(32) NOT NULL,
    to_patient_id CHAR(32) NOT NULL,
    to_course_id CHAR(32),
    copied_session_id CHAR(32),
    status VARCHAR(64) NOT NULL,
    reason TEXT NOT NULL,
    confirmed_at DATETIME,
    confirmed_by CHAR(32),
    withdrawn_at DATETIME,
    withdrawn_by CHAR(32),
    withdrawn_reason TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_reassignment PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_reassignment__confirmed_when_done CHECK ((status = 'done') = (confirmed_by IS NOT NULL)),
    CONSTRAINT ck_reassignment__status_in_set CHECK (status IN ('proposed', 'done', 'withdrawn')),
    CONSTRAINT ck_reassignment__between_two CHECK (patient_id <> to_patient_id),
    CONSTRAINT fk_reassignment__clinic_id_copied_session_id FOREIGN KEY(clinic_id, copied_session_id) REFERENCES treatment_session (clinic_id, id),
    CONSTRAINT fk_reassignment__clinic_id_course_id FOREIGN KEY(clinic_id, course_id) REFERENCES course (clinic_id, id),
    CONSTRAINT fk_reassignment__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_reassignment__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id),
    CONSTRAINT fk_reassignment__clinic_id_to_course_id FOREIGN KEY(clinic_id, to_course_id) REFERENCES course (clinic_id, id),
    CONSTRAINT fk_reassignment__clinic_id_to_patient_id FOREIGN KEY(clinic_id, to_patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE reproductive_fact (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    value VARCHAR(64),
    observed_on DATE NOT NULL,
    source_of_information VARCHAR(64) NOT NULL,
    note TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_reproductive_fact PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_reproductive_fact__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE TABLE screening (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    session_id CHAR(32),
    purpose VARCHAR(64) NOT NULL,
    drug VARCHAR(64) NOT NULL,
    checklist_code VARCHAR(64) NOT NULL,
    checklist_version INTEGER NOT NULL,
    answers JSON NOT NULL,
    outcome VARCHAR(64) NOT NULL,
    findings JSON NOT NULL,
    screened_at DATETIME NOT NULL,
    screened_by VARCHAR(200),
    note TEXT,
    decision VARCHAR(64),
    decided_at DATETIME,
    decided_by CHAR(32),
    decision_reason TEXT,
    conditions TEXT,
    overrides JSON NOT NULL,
    decided_version INTEGER,
    decision_is_current BOOLEAN,
    expires_on DATE,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_screening PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_screening__decided_sometime CHECK ((decision IS NULL) = (decided_at IS NULL)),
    CONSTRAINT fk_screening__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_screening__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id)
);

CREATE TABLE signature (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    session_id CHAR(32) NOT NULL,
    addendum_id CHAR(32),
    signer_id CHAR(32) NOT NULL,
    printed_name VARCHAR(200) NOT NULL,
    roles JSON NOT NULL,
    meaning VARCHAR(64) NOT NULL,
    cosignature BOOLEAN NOT NULL,
    cosigner VARCHAR(64) NOT NULL,
    signed_at DATETIME NOT NULL,
    covers JSON NOT NULL,
    digest VARCHAR(64) NOT NULL,
    superseded_at DATETIME,
    superseded_reason TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_signature PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_signature__clinic_id_addendum_id FOREIGN KEY(clinic_id, addendum_id) REFERENCES addendum (clinic_id, id),
    CONSTRAINT fk_signature__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_signature__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id),
    CONSTRAINT fk_signature__clinic_id_signer_id FOREIGN KEY(clinic_id, signer_id) REFERENCES principal (clinic_id, id)
);

CREATE TABLE token (
    id CHAR(32) NOT NULL,
    digest VARCHAR(64) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    account_id CHAR(32),
    home_clinic_id CHAR(32),
    principal_id CHAR(32),
    scopes JSON NOT NULL,
    created_at DATETIME NOT NULL,
    authenticated_at DATETIME,
    expires_at DATETIME NOT NULL,
    idle_expires_at DATETIME NOT NULL,
    revoked_at DATETIME,
    CONSTRAINT pk_token PRIMARY KEY (id),
    CONSTRAINT fk_token__account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT uq_token__digest UNIQUE (digest)
);

CREATE TABLE treatment_session (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    course_id CHAR(32) NOT NULL,
    plan_item_id CHAR(32),
    location_id CHAR(32),
    number_in_course INTEGER NOT NULL,
    status VARCHAR(64) NOT NULL,
    held_from VARCHAR(64),
    drug VARCHAR(64) NOT NULL,
    route VARCHAR(64) NOT NULL,
    setting VARCHAR(64) NOT NULL,
    scheduled_start_at DATETIME,
    session_at DATETIME NOT NULL,
    checked_in_at DATETIME,
    check_in JSON,
    cleared_at DATETIME,
    started_at DATETIME,
    given_on DATE,
    last_started_at DATETIME,
    last_dose_at DATETIME,
    dosing_ended_at DATETIME,
    discharged_at DATETIME,
    condition_at_discharge VARCHAR(200),
    escort_name VARCHAR(200),
    escort_relation VARCHAR(200),
    escort_phone VARCHAR(200),
    escort_left_at DATETIME,
    instructions_version VARCHAR(200),
    would_have_been_ready_at DATETIME,
    discharge_criteria JSON,
    discharge_override_reason TEXT,
    left_against_advice BOOLEAN,
    leaving_told_to VARCHAR(200),
    ended_reason TEXT,
    aborted_at DATETIME,
    abort_reason TEXT,
    deviations JSON NOT NULL,
    policy_versions JSON NOT NULL,
    recorded_afterwards BOOLEAN NOT NULL,
    recorded_after_minutes INTEGER,
    gates JSON NOT NULL,
    note TEXT,
    signed_at DATETIME,
    amended BOOLEAN NOT NULL,
    amendment_opened_at DATETIME,
    amendment_reason TEXT,
    copied_from_id CHAR(32),
    copied_to_id CHAR(32),
    cosigner_due VARCHAR(64),
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_treatment_session PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_treatment_session__status_in_set CHECK (status IN ('scheduled', 'checked_in', 'cleared', 'held', 'dosing', 'observing', 'discharged', 'signed', 'cancelled', 'no_show')),
    CONSTRAINT ck_treatment_session__ends_after_start CHECK (discharged_at IS NULL OR started_at IS NULL OR discharged_at >= started_at),
    CONSTRAINT fk_treatment_session__clinic_id_copied_from_id FOREIGN KEY(clinic_id, copied_from_id) REFERENCES treatment_session (clinic_id, id),
    CONSTRAINT fk_treatment_session__clinic_id_copied_to_id FOREIGN KEY(clinic_id, copied_to_id) REFERENCES treatment_session (clinic_id, id),
    CONSTRAINT fk_treatment_session__clinic_id_course_id FOREIGN KEY(clinic_id, course_id) REFERENCES course (clinic_id, id),
    CONSTRAINT fk_treatment_session__clinic_id_location_id FOREIGN KEY(clinic_id, location_id) REFERENCES location (clinic_id, id),
    CONSTRAINT fk_treatment_session__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_treatment_session__clinic_id_plan_item_id FOREIGN KEY(clinic_id, plan_item_id) REFERENCES plan_item (clinic_id, id),
    CONSTRAINT uq_treatment_session__clinic_id_course_id_number_in_course UNIQUE (clinic_id, course_id, number_in_course)
);

CREATE TABLE vital_signs (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    session_id CHAR(32) NOT NULL,
    measured_at DATETIME NOT NULL,
    measured_by VARCHAR(200),
    source VARCHAR(64) NOT NULL,
    systolic_mmhg INTEGER,
    diastolic_mmhg INTEGER,
    heart_rate_bpm INTEGER,
    respiratory_rate_per_min INTEGER,
    spo2_percent INTEGER,
    oxygen_l_per_min BIGINT,
    temperature_c BIGINT,
    sedation_moaas INTEGER,
    note TEXT,
    late BOOLEAN NOT NULL,
    slot_conflict BOOLEAN NOT NULL,
    device_sent_at DATETIME,
    clock_skew_seconds INTEGER,
    after_signature BOOLEAN NOT NULL,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_vital_signs PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_vital_signs__diastolic_mmhg_in_range CHECK (diastolic_mmhg >= 10 AND diastolic_mmhg <= 250),
    CONSTRAINT ck_vital_signs__pressure_possible CHECK (diastolic_mmhg IS NULL OR systolic_mmhg IS NULL OR diastolic_mmhg < systolic_mmhg),
    CONSTRAINT ck_vital_signs__heart_rate_bpm_in_range CHECK (heart_rate_bpm >= 0 AND heart_rate_bpm <= 350),
    CONSTRAINT ck_vital_signs__respiratory_rate_per_min_in_range CHECK (respiratory_rate_per_min >= 0 AND respiratory_rate_per_min <= 100),
    CONSTRAINT ck_vital_signs__sedation_moaas_in_range CHECK (sedation_moaas >= 0 AND sedation_moaas <= 5),
    CONSTRAINT ck_vital_signs__spo2_percent_in_range CHECK (spo2_percent >= 0 AND spo2_percent <= 100),
    CONSTRAINT ck_vital_signs__systolic_mmhg_in_range CHECK (systolic_mmhg >= 20 AND systolic_mmhg <= 350),
    CONSTRAINT fk_vital_signs__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_vital_signs__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id)
);

CREATE TABLE vital_slot (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    session_id CHAR(32) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    asks JSON NOT NULL,
    minutes_from_t0 INTEGER,
    cause_id CHAR(32),
    findings JSON NOT NULL,
    due_at DATETIME NOT NULL,
    late_from DATETIME NOT NULL,
    window_from DATETIME NOT NULL,
    window_until DATETIME,
    reading_id CHAR(32),
    measured_late BOOLEAN NOT NULL,
    missed_at DATETIME,
    missed_by CHAR(32),
    missed_reason TEXT,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_vital_slot PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_vital_slot__planned_has_minutes CHECK ((kind = 'planned') = (minutes_from_t0 IS NOT NULL)),
    CONSTRAINT ck_vital_slot__repeat_has_cause CHECK ((kind = 'repeat') = (cause_id IS NOT NULL)),
    CONSTRAINT ck_vital_slot__kind_in_set CHECK (kind IN ('baseline', 'planned', 'repeat')),
    CONSTRAINT ck_vital_slot__done_or_missed CHECK (reading_id IS NULL OR missed_at IS NULL),
    CONSTRAINT fk_vital_slot__clinic_id_cause_id FOREIGN KEY(clinic_id, cause_id) REFERENCES vital_signs (clinic_id, id),
    CONSTRAINT fk_vital_slot__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_vital_slot__clinic_id_reading_id FOREIGN KEY(clinic_id, reading_id) REFERENCES vital_signs (clinic_id, id),
    CONSTRAINT fk_vital_slot__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id)
);

CREATE TABLE watch (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    session_id CHAR(32) NOT NULL,
    staff_id CHAR(32) NOT NULL,
    watched_from DATETIME NOT NULL,
    note TEXT,
    after_signature BOOLEAN NOT NULL,
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_watch PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_watch__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_watch__clinic_id_session_id FOREIGN KEY(clinic_id, session_id) REFERENCES treatment_session (clinic_id, id),
    CONSTRAINT fk_watch__clinic_id_staff_id FOREIGN KEY(clinic_id, staff_id) REFERENCES principal (clinic_id, id)
);

CREATE TABLE weight (
    clinic_id CHAR(32) NOT NULL,
    id CHAR(32) NOT NULL,
    patient_id CHAR(32) NOT NULL,
    weight_kg BIGINT NOT NULL,
    measured_at DATETIME NOT NULL,
    measured_by VARCHAR(200),
    origin VARCHAR(64) NOT NULL,
    create_digest VARCHAR(64),
    entered_in_error_at DATETIME,
    entered_in_error_by CHAR(32),
    entered_in_error_reason TEXT,
    version INTEGER NOT NULL,
    recorded_at DATETIME NOT NULL,
    recorded_by CHAR(32) NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_weight PRIMARY KEY (clinic_id, id),
    CONSTRAINT ck_weight__weight_kg_in_range CHECK (weight_kg >= 100 AND weight_kg <= 50000),
    CONSTRAINT fk_weight__clinic_id_patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id)
);

CREATE INDEX ix_addendum__clinic_id_patient_id ON addendum (clinic_id, patient_id);

CREATE INDEX ix_addendum__clinic_id_session_id_id ON addendum (clinic_id, session_id, id);

CREATE INDEX ix_administration__clinic_id_dose_order_id ON administration (clinic_id, dose_order_id);

CREATE INDEX ix_administration__clinic_id_patient_id_started_at ON administration (clinic_id, patient_id, started_at);

CREATE INDEX ix_administration__clinic_id_reconciled_stopped_at_id ON administration (clinic_id, reconciled, stopped_at, id);

CREATE INDEX ix_administration__clinic_id_session_id_recorded_at_id ON administration (clinic_id, session_id, recorded_at, id);

CREATE INDEX ix_adverse_event__clinic_id_course_id_onset_at_id ON adverse_event (clinic_id, course_id, onset_at, id);

CREATE INDEX ix_adverse_event__clinic_id_onset_at_id ON adverse_event (clinic_id, onset_at, id);

CREATE INDEX ix_adverse_event__clinic_id_patient_id_onset_at_id ON adverse_event (clinic_id, patient_id, onset_at, id);

CREATE INDEX ix_adverse_event__clinic_id_report_due_on_id ON adverse_event (clinic_id, report_due_on, id);

CREATE INDEX ix_adverse_event__clinic_id_session_id_onset_at_id ON adverse_event (clinic_id, session_id, onset_at, id);

CREATE INDEX ix_alert__clinic_id_cause_id ON alert (clinic_id, cause_id);

CREATE INDEX ix_alert__clinic_id_patient_id_raised_at ON alert (clinic_id, patient_id, raised_at);

CREATE INDEX ix_alert__clinic_id_raised_at_id ON alert (clinic_id, raised_at, id);

CREATE INDEX ix_alert__clinic_id_session_id_raised_at_id ON alert (clinic_id, session_id, raised_at, id);

CREATE INDEX ix_alert__clinic_id_status_raised_at ON alert (clinic_id, status, raised_at);

CREATE INDEX ix_alert__clock ON alert (escalates_at, clinic_id) WHERE escalates_at IS NOT NULL;

CREATE INDEX ix_allergy__clinic_id_patient_id_id ON allergy (clinic_id, patient_id, id);

CREATE INDEX ix_assessment__clinic_id_assessed_at_id ON assessment (clinic_id, assessed_at, id);

CREATE INDEX ix_assessment__clinic_id_course_id_instrument_assessed_at_id ON assessment (clinic_id, course_id, instrument, assessed_at, id);

CREATE INDEX ix_assessment__clinic_id_instrument_assessed_at_id ON assessment (clinic_id, instrument, assessed_at, id);

CREATE INDEX ix_assessment__clinic_id_patient_id_assessed_at_id ON assessment (clinic_id, patient_id, assessed_at, id);

CREATE INDEX ix_assessment__clinic_id_session_id_assessed_at_id ON assessment (clinic_id, session_id, assessed_at, id);

CREATE INDEX ix_change__clinic_id_root_type_root_id_recorded_at ON change (clinic_id, root_type, root_id, recorded_at);

CREATE INDEX ix_change__unsealed ON change (clinic_id, recorded_at) WHERE sequence IS NULL;

CREATE INDEX ix_client_secret__clinic_id_client_id ON client_secret (clinic_id, client_id);

CREATE INDEX ix_condition__clinic_id_patient_id_id ON condition (clinic_id, patient_id, id);

CREATE INDEX ix_consent__clinic_id_expires_on_id ON consent (clinic_id, expires_on, id);

CREATE INDEX ix_consent__clinic_id_patient_id_signed_on ON consent (clinic_id, patient_id, signed_on);

CREATE INDEX ix_consent__clinic_id_signed_on_id ON consent (clinic_id, signed_on, id);

CREATE INDEX ix_course__clinic_id_episode_id_starts_on_id ON course (clinic_id, episode_id, starts_on, id);

CREATE INDEX ix_course__clinic_id_patient_id_id ON course (clinic_id, patient_id, id);

CREATE INDEX ix_course__clinic_id_prescriber_id ON course (clinic_id, prescriber_id);

CREATE INDEX ix_course__clinic_id_status_id ON course (clinic_id, status, id);

CREATE INDEX ix_dissociation_note__clinic_id_observed_at_id ON dissociation_note (clinic_id, observed_at, id);

CREATE INDEX ix_dissociation_note__clinic_id_patient_id_observed_at ON dissociation_note (clinic_id, patient_id, observed_at);

CREATE INDEX ix_dissociation_note__clinic_id_session_id_observed_at_id ON dissociation_note (clinic_id, session_id, observed_at, id);

CREATE INDEX ix_dose_decision__clinic_id_assessment_id ON dose_decision (clinic_id, assessment_id);

CREATE INDEX ix_dose_decision__clinic_id_course_id_decided_at_id ON dose_decision (clinic_id, course_id, decided_at, id);

CREATE INDEX ix_dose_decision__clinic_id_patient_id ON dose_decision (clinic_id, patient_id);

CREATE INDEX ix_dose_event__clinic_id_administration_id_occurred_at_ordinal ON dose_event (clinic_id, administration_id, occurred_at, ordinal);

CREATE INDEX ix_dose_event__clinic_id_occurred_at_id ON dose_event (clinic_id, occurred_at, id);

CREATE INDEX ix_dose_event__clinic_id_patient_id ON dose_event (clinic_id, patient_id);

CREATE INDEX ix_dose_event__clinic_id_session_id_id ON dose_event (clinic_id, session_id, id);

CREATE INDEX ix_dose_order__clinic_id_patient_id ON dose_order (clinic_id, patient_id);

CREATE INDEX ix_dose_order__clinic_id_session_id_ordered_at_id ON dose_order (clinic_id, session_id, ordered_at, id);

CREATE INDEX ix_episode__clinic_id_patient_id_id ON episode (clinic_id, patient_id, id);

CREATE INDEX ix_external_treatment__clinic_id_patient_id_counted_from ON external_treatment (clinic_id, patient_id, counted_from);

CREATE INDEX ix_gate_override__clinic_id_patient_id ON gate_override (clinic_id, patient_id);

CREATE INDEX ix_gate_override__clinic_id_session_id_id ON gate_override (clinic_id, session_id, id);

CREATE INDEX ix_idempotency_key__created_at ON idempotency_key (created_at);

CREATE INDEX ix_medication__clinic_id_patient_id_id ON medication (clinic_id, patient_id, id);

CREATE INDEX ix_medication_trial__clinic_id_episode_id ON medication_trial (clinic_id, episode_id);

CREATE INDEX ix_medication_trial__clinic_id_patient_id_id ON medication_trial (clinic_id, patient_id, id);

CREATE INDEX ix_patient__clinic_id_birth_on ON patient (clinic_id, birth_on);

CREATE INDEX ix_patient__clinic_id_family_name_folded_given_name_folded_id ON patient (clinic_id, family_name_folded, given_name_folded, id);

CREATE INDEX ix_patient_identifier__clinic_id_patient_id ON patient_identifier (clinic_id, patient_id);

CREATE INDEX ix_patient_limit__clinic_id_patient_id_code_effective_at ON patient_limit (clinic_id, patient_id, code, effective_at);

CREATE INDEX ix_plan_item__clinic_id_patient_id ON plan_item (clinic_id, patient_id);

CREATE INDEX ix_plan_item__clinic_id_starts_at ON plan_item (clinic_id, starts_at);

CREATE INDEX ix_policy_setting__clinic_id_code_effective_at ON policy_setting (clinic_id, code, effective_at);

CREATE INDEX ix_policy_setting__clinic_id_effective_at_id ON policy_setting (clinic_id, effective_at, id);

CREATE INDEX ix_principal__account_id ON principal (account_id);

CREATE INDEX ix_principal__id ON principal (id);

CREATE INDEX ix_programme_enrolment__clinic_id_ended_on_id ON programme_enrolment (clinic_id, ended_on, id);

CREATE INDEX ix_programme_enrolment__clinic_id_enrolled_on_id ON programme_enrolment (clinic_id, enrolled_on, id);

CREATE INDEX ix_programme_enrolment__clinic_id_location_id ON programme_enrolment (clinic_id, location_id);

CREATE INDEX ix_programme_enrolment__clinic_id_patient_id_enrolled_on ON programme_enrolment (clinic_id, patient_id, enrolled_on);

CREATE INDEX ix_reassignment__clinic_id_copied_session_id_id ON reassignment (clinic_id, copied_session_id, id);

CREATE INDEX ix_reassignment__clinic_id_course_id ON reassignment (clinic_id, course_id);

CREATE INDEX ix_reassignment__clinic_id_patient_id_id ON reassignment (clinic_id, patient_id, id);

CREATE INDEX ix_reassignment__clinic_id_session_id_id ON reassignment (clinic_id, session_id, id);

CREATE INDEX ix_reassignment__clinic_id_status_recorded_at_id ON reassignment (clinic_id, status, recorded_at, id);

CREATE INDEX ix_reassignment__clinic_id_to_course_id ON reassignment (clinic_id, to_course_id);

CREATE INDEX ix_reassignment__clinic_id_to_patient_id_id ON reassignment (clinic_id, to_patient_id, id);

CREATE INDEX ix_reproductive_fact__clinic_id_observed_on_id ON reproductive_fact (clinic_id, observed_on, id);

CREATE INDEX ix_reproductive_fact__clinic_id_patient_id_observed_on_id ON reproductive_fact (clinic_id, patient_id, observed_on, id);

CREATE INDEX ix_screening__clinic_id_expires_on_id ON screening (clinic_id, expires_on, id);

CREATE INDEX ix_screening__clinic_id_patient_id_screened_at ON screening (clinic_id, patient_id, screened_at);

CREATE INDEX ix_screening__clinic_id_screened_at_id ON screening (clinic_id, screened_at, id);

CREATE INDEX ix_screening__clinic_id_session_id_screened_at ON screening (clinic_id, session_id, screened_at);

CREATE INDEX ix_signature__clinic_id_addendum_id ON signature (clinic_id, addendum_id);

CREATE INDEX ix_signature__clinic_id_patient_id ON signature (clinic_id, patient_id);

CREATE INDEX ix_signature__clinic_id_session_id_signed_at_id ON signature (clinic_id, session_id, signed_at, id);

CREATE INDEX ix_signature__clinic_id_signer_id ON signature (clinic_id, signer_id);

CREATE INDEX ix_token__account_id ON token (account_id);

CREATE INDEX ix_treatment_session__amendment_open ON treatment_session (clinic_id, amendment_opened_at, id) WHERE amendment_opened_at IS NOT NULL;

CREATE INDEX ix_treatment_session__clinic_id_copied_from_id ON treatment_session (clinic_id, copied_from_id);

CREATE INDEX ix_treatment_session__clinic_id_copied_to_id ON treatment_session (clinic_id, copied_to_id);

CREATE INDEX ix_treatment_session__clinic_id_location_id ON treatment_session (clinic_id, location_id);

CREATE INDEX ix_treatment_session__clinic_id_patient_id_session_at ON treatment_session (clinic_id, patient_id, session_at);

CREATE INDEX ix_treatment_session__clinic_id_plan_item_id ON treatment_session (clinic_id, plan_item_id);

CREATE INDEX ix_treatment_session__clinic_id_session_at_id ON treatment_session (clinic_id, session_at, id);

CREATE INDEX ix_treatment_session__clinic_id_status_route_session_at_id ON treatment_session (clinic_id, status, route, session_at, id);

CREATE INDEX ix_treatment_session__clinic_id_status_session_at_id ON treatment_session (clinic_id, status, session_at, id);

CREATE INDEX ix_treatment_session__clinic_id_updated_at_id ON treatment_session (clinic_id, updated_at, id);

CREATE INDEX ix_treatment_session__cosigner_due ON treatment_session (clinic_id, signed_at, id) WHERE cosigner_due IS NOT NULL;

CREATE INDEX ix_vital_signs__clinic_id_measured_at_id ON vital_signs (clinic_id, measured_at, id);

CREATE INDEX ix_vital_signs__clinic_id_patient_id_measured_at ON vital_signs (clinic_id, patient_id, measured_at);

CREATE INDEX ix_vital_signs__clinic_id_session_id_measured_at_id ON vital_signs (clinic_id, session_id, measured_at, id);

CREATE INDEX ix_vital_slot__clinic_id_cause_id ON vital_slot (clinic_id, cause_id);

CREATE INDEX ix_vital_slot__clinic_id_patient_id_due_at ON vital_slot (clinic_id, patient_id, due_at);

CREATE INDEX ix_vital_slot__clinic_id_reading_id_due_at_id ON vital_slot (clinic_id, reading_id, due_at, id);

CREATE INDEX ix_vital_slot__clinic_id_session_id_due_at_id ON vital_slot (clinic_id, session_id, due_at, id);

CREATE INDEX ix_vital_slot__open ON vital_slot (clinic_id, due_at, id) WHERE reading_id IS NULL AND missed_at IS NULL AND entered_in_error_at IS NULL;

CREATE INDEX ix_watch__clinic_id_patient_id ON watch (clinic_id, patient_id);

CREATE INDEX ix_watch__clinic_id_session_id_watched_from_id ON watch (clinic_id, session_id, watched_from, id);

CREATE INDEX ix_watch__clinic_id_staff_id ON watch (clinic_id, staff_id);

CREATE INDEX ix_weight__clinic_id_patient_id_measured_at ON weight (clinic_id, patient_id, measured_at);

CREATE TRIGGER change_refuses_delete BEFORE DELETE ON change BEGIN SELECT RAISE(ABORT, 'the ledger of changes is append-only'); END;

CREATE TRIGGER change_refuses_replace BEFORE INSERT ON change WHEN (EXISTS (SELECT 1 FROM change WHERE clinic_id = NEW.clinic_id AND id = NEW.id) OR EXISTS (SELECT 1 FROM change WHERE clinic_id = NEW.clinic_id AND resource_type = NEW.resource_type AND resource_id = NEW.resource_id AND version = NEW.version)) OR EXISTS (SELECT 1 FROM change WHERE clinic_id = NEW.clinic_id AND sequence = NEW.sequence AND id <> NEW.id) BEGIN SELECT RAISE(ABORT, 'the ledger of changes is append-only'); END;

CREATE TRIGGER change_refuses_update BEFORE UPDATE ON change WHEN NOT ((OLD.sequence IS NULL AND NEW.sequence IS NOT NULL AND NEW.clinic_id IS OLD.clinic_id AND NEW.id IS OLD.id AND NEW.root_type IS OLD.root_type AND NEW.root_id IS OLD.root_id AND NEW.resource_type IS OLD.resource_type AND NEW.resource_id IS OLD.resource_id AND NEW.version IS OLD.version AND NEW.ordinal IS OLD.ordinal AND NEW.event IS OLD.event AND NEW.kind IS OLD.kind AND NEW.principal_id IS OLD.principal_id AND NEW.source IS OLD.source AND NEW.reason IS OLD.reason AND NEW.request_id IS OLD.request_id AND NEW.occurred_at IS OLD.occurred_at AND NEW.recorded_at IS OLD.recorded_at AND NEW.sensitivity IS OLD.sensitivity AND NEW.content_schema IS OLD.content_schema AND NEW.content IS OLD.content AND NEW.content_digest IS OLD.content_digest) OR (OLD.content IS NOT NULL AND NEW.content IS NULL AND NEW.clinic_id IS OLD.clinic_id AND NEW.id IS OLD.id AND NEW.root_type IS OLD.root_type AND NEW.root_id IS OLD.root_id AND NEW.resource_type IS OLD.resource_type AND NEW.resource_id IS OLD.resource_id AND NEW.version IS OLD.version AND NEW.ordinal IS OLD.ordinal AND NEW.event IS OLD.event AND NEW.kind IS OLD.kind AND NEW.principal_id IS OLD.principal_id AND NEW.source IS OLD.source AND NEW.reason IS OLD.reason AND NEW.request_id IS OLD.request_id AND NEW.occurred_at IS OLD.occurred_at AND NEW.recorded_at IS OLD.recorded_at AND NEW.sensitivity IS OLD.sensitivity AND NEW.content_schema IS OLD.content_schema AND NEW.content_digest IS OLD.content_digest AND NEW.sequence IS OLD.sequence)) OR EXISTS (SELECT 1 FROM change WHERE clinic_id = NEW.clinic_id AND sequence = NEW.sequence AND id <> NEW.id) BEGIN SELECT RAISE(ABORT, 'the ledger of changes is append-only'); END;

