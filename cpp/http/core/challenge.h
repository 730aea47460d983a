#pragma once

#include <string>
#include <string_view>

namespace ocilot::http {

class Urls;

/// How a client that shows no credentials, or wrong ones, is told which it needs.
struct ChallengeSettings {
    enum class Scheme : unsigned char { none, basic, bearer };
    Scheme scheme = Scheme::none;
    std::string realm = {};    ///< text for Basic, the token server's URL for Bearer
    std::string path = {};     ///< where the token server is on this host, if `realm` is empty
    std::string service = {};  ///< of a Bearer challenge
};

/// Why the challenge comes (RFC 6750 §3.1); empty: nothing was shown.
struct ChallengeCause {
    std::string_view error = {};  ///< `invalid_token` or `insufficient_scope`
    std::string_view description = {};
};

/// Value of `WWW-Authenticate`: `Bearer realm="…",service="…",scope="…"`, in this order and without spaces
/// after the commas, as clients parse it. `scope` may be empty.
[[nodiscard]] std::string challenge(ChallengeSettings const& settings, Urls const& urls,
                                    std::string_view scope, ChallengeCause cause);

}  // namespace ocilot::http
