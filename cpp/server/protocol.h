#pragma once

#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ocilot::server {

/// One method of one endpoint, for the reference.
struct EndpointRow {
    std::string name;     ///< of the endpoint, as in metrics: "manifest"
    std::string pattern;  ///< "/v2/<name>/manifests/<item>"
    std::string method;   ///< "GET", which HEAD is too
    std::string action;   ///< the right it takes: "pull", "push", "remove"; empty: none
    std::string purpose;
    std::vector<std::pair<unsigned, std::string>> successes;  ///< status and what it means
    std::vector<std::string> errors;                          ///< names of errors of its own
    /// Of the administration API: where (`path`, `query` or `body`), name, whether it is required, meaning.
    std::vector<std::tuple<std::string, std::string, bool, std::string>> accepts;
};

/// One error, for the reference.
struct ErrorRow {
    std::string name;  ///< "blob_unknown"
    unsigned status;
    std::string code;     ///< "BLOB_UNKNOWN"
    std::string message;  ///< said if there is nothing more exact to say
    bool common;          ///< whether every endpoint may answer it
};

/// The protocol as the route table has it.
[[nodiscard]] std::vector<EndpointRow> protocol_endpoints();

/// Every error that reaches a client, as the error table has it.
[[nodiscard]] std::vector<ErrorRow> protocol_errors();

}  // namespace ocilot::server
