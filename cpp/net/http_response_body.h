#pragma once

#include "net/conn.h"
#include "net/http_body.h"
#include "net/http_connection_pool.h"
#include "net/http_response_parser.h"
#include "net/time_budget.h"

#include <memory>
#include <optional>
#include <string>

namespace ocilot::net {

/// The body of a response as it arrives; its connection goes back to the idle ones at the end.
class HttpResponseBody final : public HttpBody {
  public:
    /// What is done with the connection afterwards.
    struct Completion {
        HttpConnectionPool::Key key;
        HttpConnectionPool::Limits limits;
        bool keep = true;
    };

    /// `request` names it in errors.
    HttpResponseBody(std::unique_ptr<Conn> conn, std::unique_ptr<HttpResponseParser> parser,
                     TimeBudget budget, std::chrono::milliseconds stall, std::string request,
                     Completion after);

    Task<Result<std::size_t>> read(std::span<std::byte> out) override;
    [[nodiscard]] std::optional<std::uint64_t> length() const noexcept override { return length_; }

  private:
    Task<Result<std::size_t>> read_on(std::span<std::byte> out);
    Error fail(Error const& why);
    void finish();

    std::unique_ptr<Conn> conn_;  // Null at the end and after an error.
    std::unique_ptr<HttpResponseParser> parser_;
    std::optional<std::uint64_t> const length_;
    TimeBudget budget_;
    std::chrono::milliseconds stall_;
    std::string request_;
    Completion completion_;
    std::optional<Error> failed_;
};

}  // namespace ocilot::net
