#pragma once

#include "hookbox/topic.h"
#include "policy/gate.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ocilot::hookbox {

// The gate's questions as values of their own: whoever answers may be late, when the asker is long gone.

struct LoginCase {
    std::string name;
    std::string password;
    std::string address;  ///< numeric
};

struct AccessCase {
    policy::Caller caller;
    policy::Access access;
};

struct ManifestCase {
    policy::Caller caller;
    oci::RepositoryName repository;
    std::vector<oci::Tag> tags;
    oci::Digest digest;
    std::string media_type;
    std::uint64_t size;  ///< bytes
    std::string bytes;
    std::string config;  ///< empty if there is none, or a large one
};

struct BlobCase {
    policy::Caller caller;
    oci::RepositoryName repository;
    oci::Digest digest;
    std::uint64_t size;  ///< bytes
};

struct TagCase {
    policy::Caller caller;
    oci::RepositoryName repository;
    oci::Tag tag;
    oci::Digest digest;
    std::optional<oci::Digest> previous;
    std::vector<policy::Referrer> referrers;
    std::vector<std::string> sibling_tags;
};

struct DeletionCase {
    policy::Caller caller;
    oci::RepositoryName repository;
    policy::Removed kind;
    oci::Reference reference;
    std::vector<std::string> tags;
};

struct RetainCase {
    policy::TagHistory history;
};

struct InUseCase {
    Time at;
};

/// Something that has happened, for the hooks of one script.
struct EventCase {
    std::string script;
    std::string point;  ///< `on_manifest_pushed`
    std::string event;  ///< a JSON object
};

/// What an operator asks; the topic says it all.
struct ControlCase {};

using Case = std::variant<LoginCase, AccessCase, ManifestCase, BlobCase, TagCase, DeletionCase, RetainCase,
                          InUseCase, EventCase, ControlCase>;

/// A question as whoever answers it takes it out of the mailbox.
struct Question {
    std::uint64_t id = 0;
    Topic topic = Topic::authorize;
    std::chrono::steady_clock::time_point deadline{};  ///< an answer after it is dropped
    Case about;
    std::string request = {};  ///< id of the request that asks, for the log; may be empty
};

}  // namespace ocilot::hookbox
