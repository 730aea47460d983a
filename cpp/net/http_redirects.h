#pragma once

#include "base/result.h"
#include "net/http_request.h"
#include "net/http_response.h"
#include "net/url.h"

namespace ocilot::net {

/// Where a request goes, from its URL through the redirects that its policy allows.
class HttpRedirects {
  public:
    /// `request` outlives this; it loses its credentials on the way to another origin.
    HttpRedirects(HttpRequest& request, Url url) : request_(request), url_(std::move(url)) {}

    [[nodiscard]] Url const& url() const noexcept { return url_; }
    /// Whether a response is a redirect to be followed, and not one for the caller.
    [[nodiscard]] bool follows(HttpResponse const& response) const;
    /// Moves on to where such a response leads. denied, unavailable.
    Result<> follow(HttpResponse const& response);

  private:
    HttpRequest& request_;
    Url url_;
    unsigned followed_ = 0;
};

}  // namespace ocilot::net
