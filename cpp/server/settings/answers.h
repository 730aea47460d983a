#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::server {

/// How answers are made.
struct AnswerSettings {
    std::string host;    ///< `http.host`
    std::string prefix;  ///< `http.prefix`
    bool relative_urls = false;
    std::vector<std::pair<std::string, std::string>> headers;  ///< `http.headers`
    std::size_t catalog_limit = 1000;                          ///< `catalog.maxentries`
    std::size_t tags_limit = 1000;                             ///< `tags.maxtags`
    std::vector<std::string> cors_origins;  ///< `ocilot.cors.origins`: web pages that may read answers
    bool cors_credentials = false;          ///< `ocilot.cors.credentials`
    /// `ocilot.hostnames`: names that a registry without accounts answers to on a loopback address; `*`: all
    std::vector<std::string> host_names;
};

}  // namespace ocilot::server
