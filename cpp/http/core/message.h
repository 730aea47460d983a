#pragma once

#include "base/memory_budget.h"
#include "base/waiting_client.h"
#include "http/core/live_body.h"
#include "registry/failed_read.h"
#include "registry/pull.h"
#include "registry/push_blob.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ocilot::http {

enum class Method : std::uint8_t { get, head, put, post, patch, del, options, other };
[[nodiscard]] std::string_view to_string(Method method) noexcept;

/// Who sent a request, for the access log: noted when the credentials were verified, never before.
struct LoggedCaller {
    std::string name = {};       ///< empty for an anonymous caller
    std::string_view kind = {};  ///< a policy::CallerKind in words; empty: the caller was not identified
};

/// A request as the session hands it over: head parsed and within limits, body still to be read. Everything
/// is borrowed from the session for the time of the request.
struct Request {
    Method method = Method::get;
    std::string_view target;  ///< path and query as sent, still percent-encoded
    std::vector<std::pair<std::string_view, std::string_view>> headers;  ///< in order; repeated lines repeat
    registry::ByteSource* body = nullptr;         ///< never null; answers 0 at once if there is no body
    std::optional<std::uint64_t> content_length;  ///< bytes; absent with chunked transfer coding
    bool has_body = false;                        ///< Content-Length > 0 or chunked
    std::string_view peer;                        ///< numeric address without port
    bool tls = false;
    std::string_view certificate;  ///< name in the client's verified TLS certificate; empty without one
    bool forwarded = false;        ///< came from a proxy whose `Forwarded` and `X-Forwarded-*` are believed
    bool local = false;   ///< came through the control socket, which only the registry's own user can open
    std::string_view id;  ///< id of this request, for logs and X-Request-Id
    MemoryBudget::Reservation* memory =
        nullptr;  ///< of what is buffered until the answer is out; null: not counted
    WaitingClient const* client = nullptr;  ///< null: it does not leave
    LoggedCaller* caller = nullptr;         ///< where the verified caller is noted; null: nowhere

    /// First value of a header, case-insensitive; nullopt if absent.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
    /// Number of lines of a header.
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
};

/// Part of an open blob as a body.
struct BlobBody {
    std::unique_ptr<blob::Blob> blob;
    std::uint64_t offset = 0;                ///< bytes
    std::uint64_t length = 0;                ///< bytes
    std::optional<oci::Digest> digest = {};  ///< of the blob, for a read that fails
};

/// Several parts of an open blob with text between them: a `multipart/byteranges`.
struct PartsBody {
    struct Part {
        std::string before;        ///< text that goes out first
        std::uint64_t offset = 0;  ///< bytes
        std::uint64_t length = 0;  ///< bytes
    };
    std::unique_ptr<blob::Blob> blob;
    std::vector<Part> parts;
    std::string after;                       ///< text after the last part
    std::uint64_t length = 0;                ///< bytes of everything, text included
    std::optional<oci::Digest> digest = {};  ///< of the blob, for a read that fails
};

using SharedText = std::shared_ptr<std::string const>;

/// An answer. `content_length` is what the header says: for HEAD the length GET would have.
struct Response {
    /// Headers that most answers have room for at once.
    static constexpr std::size_t usual_headers = 10;

    unsigned status = 200;
    std::vector<std::pair<std::string_view, std::string>> headers = {};  ///< names are literals
    std::variant<std::monostate, std::string, SharedText, BlobBody, PartsBody, std::unique_ptr<LiveBody>>
        body = {};
    std::uint64_t content_length = 0;  ///< bytes; 204, 304 and a live body send no Content-Length
    bool close = false;                ///< close the connection after this answer
    /// Which route the request took ("manifest", "blob", "upload"…), one of a small fixed set of literals;
    /// for metrics.
    std::string_view route = "none";
    std::string_view refusal = {};  ///< literal: which limit refused the request; empty if none did
    std::string cause = {};         ///< what failed here, for the log only; empty if nothing did
    bool by_client = false;         ///< an error that the client made, whatever its status
    bool is_logged = false;         ///< the log has its line already

    Response& set(std::string_view name, std::string value) {
        if (headers.capacity() == 0) headers.reserve(usual_headers);
        headers.emplace_back(name, std::move(value));
        return *this;
    }
    [[nodiscard]] bool has(std::string_view name) const noexcept;
    /// The same in place of a value that is there.
    Response& replace(std::string_view name, std::string value);
    /// A text body with its length.
    Response& text(std::string_view content_type, std::string value);
};

/// Answers requests: the protocol (`App`), or health and metrics (`Operations`).
class Handler {
  public:
    virtual ~Handler() = default;
    /// Never fails: every error becomes an answer with the protocol's body.
    virtual Task<Response> handle(Request const& request) = 0;
    /// An answer for a request that could not be read at all (bad syntax, limits, deadline); closes.
    [[nodiscard]] virtual Response refuse(Error const& error) const = 0;
    /// Told of a blob that could not be read while it was sent.
    virtual Task<> read_failed(registry::FailedRead) { co_return; }
};

}  // namespace ocilot::http
