"""What each room offers is pinned: a name that goes, comes or changes hands shows here.

Taking a name away, or renaming it, breaks whoever uses it: say so in the changelog. The names of
`guantong.serve` are the command line and HTTP, which have pages of their own.
"""

import importlib
import inspect
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent.parent / "src" / "guantong"

PUBLIC = {
    "bulletin": """
        BulletinError
        Claim
        Correction
        Corrections
        Document
        Fault
        Ground
        NonClaim
        Quantity
        Rankings
        Reason
        Report
        Rule
        Series
        Span
        TEXT_MAX
        Verdict
        check
        cli_rows
        marked_up
        read
        shipped_rankings
        shipped_series
        to_csv
        to_json
        to_xlsx
    """,
    "capture": """
        CaptureError
        Collector
        Document
        Event
        EventTable
        EventType
        Fault
        Limits
        Reading
        TableReading
        read
        read_table
    """,
    "coding": """
        ALLOCATION_MEDIA
        Allocation
        Carrier
        CodeList
        CodeRange
        CodingError
        Courier
        DELEGATION_MEDIA
        Delegation
        FILE_FORMS
        Fault
        Free
        Given
        Glyphs
        Label
        OwnTemplate
        PRINT_MEDIA
        PrintJob
        Printing
        TEMPLATES
        TEMPLATE_MEDIA
        Template
        VOID_MEDIA
        Void
        a4
        allocated_to
        allocations_of
        check_delegation
        check_fits
        check_job
        check_named
        check_own
        check_void
        class_of
        code_list
        codes_of
        facts_of
        file_of
        found
        given_of
        issued
        issued_as
        jobs_of
        key_before
        label_svg
        labels_of
        next_free
        parse
        parse_allocation
        parse_delegation
        parse_job
        parse_template
        parse_void
        pdf_of
        printing_of
        range_of
        ranges_of
        ranges_of_lot
        read_template
        roll
        speaks_for
        stem_of
        symbol_svg
        templates_of
        tspl
        void_reason
        voids_of
        words_of
        zpl
    """,
    "connectors": """
        ALERTS_BYTES_MAX
        ALERTS_MEDIA
        Alert
        Alerts
        By
        ConnectorError
        EcodeBatch
        EcodeProduct
        FILE
        Fault
        Known
        MEDIA
        Match
        Matcher
        PARTNER
        Page
        Partner
        Read
        Source
        address_after
        batch_of
        check_partner
        class_code_of
        known_alerts
        page_of
        parse_alerts
        parse_partner
        partners
        product_of
        read_alerts
        records_of
        sheet_of
    """,
    "credit": """
        Aggregation
        Base
        Cells
        Contribution
        CreditError
        Decomposition
        Fault
        Indicator
        Method
        Month
        PROVINCES
        PanelMonth
        Place
        Provenance
        Release
        SECTIONS
        SUB_INDEX_ZH
        Scores
        Segment
        Shift
        SubIndex
        Turnover
        across
        base_of
        carried
        cells
        chain
        contributions
        decompose
        example
        held
        index
        parse
        release
        scaled
        score
        turnover
    """,
    "identify": """
        CccCertificate
        DigitalLink
        Ebike
        Ecode
        ElementString
        Fault
        Gln
        Gs1Identifier
        Gtin
        Handle
        Identifier
        IdentifierError
        Kind
        MaCode
        Native
        Note
        Nsi
        Oid
        Opaque
        OpaqueScheme
        Reading
        Scan
        Scheme
        Sscc
        Uscc
        XkLicence
        build_urn
        canonical
        explain
        from_uri
        nsi_table
        parse_uri
        read
    """,
    "lake": """
        Dataset
        Fault
        File
        KIND
        LakeError
        MEDIA
        Manifest
        check
        needed
        newest
    """,
    "ledger": """
        Disk
        Entropy
        Entry
        Fault
        Ledger
        LedgerError
        Opening
        Position
        Recovery
        STATEMENT_BYTES_MAX
        SeededEntropy
        Statement
        StatementType
        Submission
        SystemEntropy
        check
        leaf_hash
        verify_consistency
        verify_inclusion
    """,
    "market": """
        Bulk
        EVENTS
        EVENTS_MIN
        Fault
        Filing
        ForeignAlerts
        Goods
        Grumbled
        Grumbles
        Habits
        Issue
        Lot
        MarketError
        START
        Said
        ScanLife
        Stop
        Story
        Submission
        Where
        complaint_days
        even
        filings
        foreign_alerts
        number_of
        people
        recalls_json
        scan_lives
        start_ms
        stories
        weekly_xml
    """,
    "nodes": """
        Across
        Answering
        Door
        Fault
        Home
        Missing
        NodeEntry
        NodesError
        Panel
        Position
        Stand
        Told
        Union
        homes
        known_at
        read_table
        scope_across
        trace_across
    """,
    "parties": """
        Certificate
        Filing
        Firm
        Lack
        Place
        Product
        Register
        Standing
        certificates_of
        facts_of
        filing
        firm
        place
        product
        speakers_of
        standing_on
        weighed
    """,
    "query": """
        Cursor
        Elements
        Fault
        Key
        MasterData
        Page
        Place
        Query
        QueryError
        Test
        Values
        came
        elements_of
        from_text
        in_order
        matches
        order_of
        page_of
        parse
        placed
        stated_of
        values_of
    """,
    "recall": """
        Act
        Cluster
        Counts
        Drift
        Fault
        Fixed
        Holding
        Kind
        MEDIA
        Owned
        Progress
        RECALL
        Recall
        RecallError
        Risk
        Running
        STEP
        STEP_MEDIA
        Source
        Step
        Supplier
        Supply
        all_recalls
        check_recall
        check_step
        class_of
        clusters
        drift_of
        find
        fixed_of
        is_in
        items_of
        made_between
        owned_in
        parse_recall
        parse_step
        progress_of
        recalls_to
        risk_of
        sample_size
        supply_of
    """,
    "rules": """
        Actor
        CatalogueEntry
        CodeScheme
        Completeness
        Duty
        Fault
        Figure
        Force
        Group
        Later
        MissingField
        PersonalField
        ProfileField
        Provenance
        Province
        RecallDeadline
        RiskLine
        Role
        Rules
        RulesError
        Ruleset
        Section
        Standard
        Traced
        Unit
        Workdays
        completeness
        load
        on
        shipped
    """,
    "serve": """
    """,
    "store": """
        EventFilter
        Fact
        Fault
        Filed
        Happening
        Histories
        Indexed
        Memory
        Near
        Noted
        Reached
        Recalling
        Role
        RowStore
        SegmentStore
        Spread
        Store
        StoreError
        Stored
        Watched
        all_facts
        remembered
    """,
    "trace": """
        Balance
        Book
        Code
        Custody
        Direction
        Edge
        EventRef
        Gap
        Holder
        Life
        Move
        Node
        NodeKind
        Relation
        Rule
        Standings
        State
        Stay
        Step
        Trail
        Why
        balances
        custody
        gaps
        holder
        life
        lives
        marks_of
        moves
        parts
        to_json
        trace
        visible
        visible_holder
        visible_life
    """,
    "verdict": """
        CertificateView
        Happened
        Hold
        Outcome
        Reason
        Verdict
        best_known
        check
    """,
    "watch": """
        Amiss
        Case
        Clue
        Complaint
        Count
        Fault
        HotSpot
        Kind
        MEDIA
        Matched
        Mismatch
        NOTHING
        PUBLIC_KINDS
        REPORT
        Report
        SCAN
        SCANS_MEDIA
        STEP_MEDIA
        Scans
        Seen
        State
        Step
        Suspicion
        TEXT_MAX
        WatchError
        case_about
        case_of
        cases
        check_report
        check_step
        count_of
        counts_of
        hot_spots
        matched
        new_id
        parse_report
        parse_scans
        parse_step
        seen_of
        sum_of
        suspicion
        visits_of
    """,
}
"""Room -> the names in its ``__all__``."""

GROUND = {
    "caller": "Caller Level OPERATOR PUBLIC",
    "clock": "Clock SetClock SystemClock day_in_china",
    "errors": "Fault Refusal fault",
    "settings": "Settings",
}
"""Modules of the ground, which have no ``__all__`` -> names that other rooms rely on."""


def test_every_room_is_pinned() -> None:
    assert PUBLIC.keys() == {path.parent.name for path in SOURCE.glob("*/__init__.py")}


@pytest.mark.parametrize("room", PUBLIC)
def test_a_room_offers_what_is_pinned(room: str) -> None:
    module = importlib.import_module(f"guantong.{room}")
    assert sorted(getattr(module, "__all__", ())) == sorted(PUBLIC[room].split())


@pytest.mark.parametrize("room", PUBLIC)
def test_what_a_room_offers_is_there_and_explains_itself(room: str) -> None:
    module = importlib.import_module(f"guantong.{room}")
    for name in PUBLIC[room].split():
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__doc__, name
            assert value.__module__.startswith(f"guantong.{room}"), f"{name} is another room's"


@pytest.mark.parametrize("name", GROUND)
def test_the_ground_has_what_others_rely_on(name: str) -> None:
    module = importlib.import_module(f"guantong.{name}")
    assert [word for word in GROUND[name].split() if not hasattr(module, word)] == []
