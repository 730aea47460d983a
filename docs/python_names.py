"""Which names of the Python API are on which page: a new name needs a line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Page:
    """A page: what it says first, and the names it describes, as `MODULE:NAME` below the package."""

    title: str
    about: str
    names: tuple[str, ...]


RECORDS: Final = """
Account Token CreatedToken Actor RequestReference ChangedTag AuditEntry AccessDecision SigningKey
CreatedSigningKey HookCounters HookPlace HookScript Hooks EventActor EventRequest Event ParkedChange
ReplayedHookChanges DiscardedHookChanges JobRound Job StartedRound CancelledRound Collected
GarbageCollection PlannedRemoval CollectionPlan Holding ContentReasons Restored Usage CallerUsage
Pulls ImagePart UsageReport PolicyRun Retention PlannedDeletion AppliedPlan RetentionPlan RuleMatch
PolicyMatch RetentionMatches RetentionRow ApplyRound SelectingRule RetentionExplanation
TagHistoryEntry TagPush TagPull Tag Repository RepositoryTag RetentionPolicy EventCause Alias SetAlias
Upload WebhookExchange Webhook
WebhookTest DiscardedChanges ReplayedChanges
"""

PAGES: Final[Mapping[str, Page]] = {
    "connecting": Page(
        "Registries and repositories",
        "Connect to a registry, list repositories and tags, resolve, tag, delete, push and pull artifacts.",
        (
            "verbs:connect",
            "verbs:open",
            "verbs:Registry",
            "client.registry:RegistryAuth",
            "client.catalog:Identity",
            "client.catalog:RawResponse",
            "client.repository:Repository",
            "client.listing:Listing",
            "client.tags:Tag",
            "client.looking:Referrer",
            "client.ocilot_api:HistoryItem",
            "client.plan:Plan",
            "client.plan:Item",
            "client.plan:Applied",
        ),
    ),
    "images": Page(
        "Images and their files",
        "What a tag or digest resolves to: layers, configuration, files, signatures.",
        (
            "client.image:Image",
            "client.image:Index",
            "client.looking:Layer",
            "client.looking:Verified",
            "client.context:Signature",
            "layers:ImagePath",
            "layers:FileEntry",
            "client.reader:BlobReader",
            "comparing:diff",
            "compare:ImageDiff",
        ),
    ),
    "copying": Page(
        "Copies and bundles",
        "Copy images between registries, layouts and archives, and pack them for a place without a network.",
        (
            "verbs:copy",
            "client.copying:CopyResult",
            "client.copying:BlobResult",
            "client.store:Outcome",
            "bundling:save_bundle",
            "bundling:load_bundle",
            "bundling:describe_bundle",
            "bundling:verify_bundle",
            "bundling:SaveOptions",
            "bundling:LoadOptions",
            "bundling:BundleAccess",
            "bundle:Saved",
            "bundle:Loaded",
            "bundle:Description",
            "bundle:BundleEntry",
            "bundle:VerifiedBundle",
            "client.events:BlobStarted",
            "client.events:BlobProgress",
            "client.events:BlobFinished",
            "client.events:ManifestPushed",
            "client.events:Warned",
        ),
    ),
    "building": Page(
        "Build and change images",
        "Make images of root file systems and of other images, without a container engine.",
        (
            "building:import_rootfs",
            "building:append",
            "building:mutate",
            "building:rebase",
            "building:make_index",
            "build:Built",
            "building:ImportOptions",
            "building:AppendOptions",
            "building:MutateOptions",
            "building:RebaseOptions",
            "building:IndexOptions",
            "building:Running",
            "building:Made",
            "building:Access",
        ),
    ),
    "values": Page(
        "References and OCI values",
        "Plain, frozen values without I/O: references, locations, digests, manifests, platforms.",
        (
            "references:Reference",
            "references:Location",
            "oci:Digest",
            "oci:Descriptor",
            "oci:Manifest",
            "oci:Config",
            "oci:HistoryEntry",
            "oci:Platform",
        ),
    ),
    "options": Page(
        "Credentials, TLS, retries and limits",
        "Options are values that `connect`, `copy` and all other functions take.",
        (
            "client.credentials:Token",
            "client.credentials:ANONYMOUS",
            "client.tls:TLS",
            "client.retries:Retry",
            "client.options:Limits",
        ),
    ),
    "asyncio": Page(
        "Forms for asyncio",
        "The same names with `await`, `async for` and `async with`. They run the same code as the others, "
        "without threads for the network.",
        (
            "async_verbs:aconnect",
            "async_verbs:aopen",
            "async_verbs:acopy",
            "comparing:adiff",
            "building:aimport_rootfs",
            "building:aappend",
            "building:amutate",
            "building:arebase",
            "building:amake_index",
            "bundling:asave_bundle",
            "bundling:aload_bundle",
            "bundling:adescribe_bundle",
            "bundling:averify_bundle",
            "async_verbs:AsyncRegistry",
            "client.aio:AsyncRepository",
            "client.aio:AsyncImage",
            "client.aio:AsyncIndex",
            "client.aio:AsyncListing",
            "client.aio:AsyncPlan",
        ),
    ),
    "server": Page(
        "Server, tests and data directories",
        "A registry in the process, fixtures for pytest, and functions for the data directory of a server.",
        (
            "server:Server",
            "testing:RegistryForTests",
            "testing:User",
            "testing:Recorded",
            "pytest_plugin:oci_registry",
            "pytest_plugin:oci_registry_with_accounts",
            "pytest_plugin:oci_registry_shared",
            "integrity:fsck",
            "backups:backup",
            "backups:verify_backup",
            "backups:restore_backup",
            "adoption:adopt_distribution",
        ),
    ),
    "administration": Page(
        "Administration",
        "Administer an ocilot registry: `registry.admin` has a method for each operation of `/api/v1`.",
        (
            "admin.groups:Admin",
            "admin.groups:AccessGroup",
            "admin.groups:AccountsGroup",
            "admin.groups:AliasesGroup",
            "admin.groups:AuditGroup",
            "admin.groups:EventsGroup",
            "admin.groups:GcGroup",
            "admin.groups:HooksGroup",
            "admin.groups:JobsGroup",
            "admin.groups:KeysGroup",
            "admin.groups:RepositoriesGroup",
            "admin.groups:RetentionGroup",
            "admin.groups:TagsGroup",
            "admin.groups:TokensGroup",
            "admin.groups:UploadsGroup",
            "admin.groups:UsageGroup",
            "admin.groups:WebhooksGroup",
            "admin.planned:AdminPlan",
            "admin.stream:EventStream",
            "admin.types:Record",
        ),
    ),
    "administration-types": Page(
        "Types of the administration",
        "What the methods of `registry.admin` return. Every field is one of the administration API.",
        tuple(f"admin.types:{name}" for name in RECORDS.split()),
    ),
    "errors": Page("Errors", "", ()),
}
"""Pages by their file below `reference/python`."""
