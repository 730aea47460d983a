#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ocilot {

/// What is kept of an HTTP request beside its id: how a change came about, for those who read of it later.
/// Each part is cut to a length that no client of good will exceeds. One piece of memory, since every push
/// makes one.
class RequestRecord {
  public:
    struct Parts {
        std::string_view method = {};      ///< `PUT`
        std::string_view scheme = {};      ///< `https`, as the client sees it
        std::string_view host = {};        ///< with its port, as the client sees it; empty: it named none
        std::string_view path = {};        ///< as sent, without the query
        std::string_view user_agent = {};  ///< empty: it sent none
        /// W3C Trace Context, if it is valid (see is_traceparent()); empty: it sent none.
        std::string_view traceparent = {};
    };
    static constexpr std::size_t max_word = 16;          ///< bytes of the method and of the scheme
    static constexpr std::size_t max_host = 264;         ///< a DNS name, brackets and a port
    static constexpr std::size_t max_path = 512;         ///< the longest repository name with a digest
    static constexpr std::size_t max_user_agent = 256;   ///< bytes
    static constexpr std::size_t traceparent_size = 55;  ///< bytes

    explicit RequestRecord(Parts const& parts);

    [[nodiscard]] std::string_view method() const noexcept { return part(0); }
    [[nodiscard]] std::string_view scheme() const noexcept { return part(1); }
    [[nodiscard]] std::string_view host() const noexcept { return part(2); }
    [[nodiscard]] std::string_view path() const noexcept { return part(3); }
    [[nodiscard]] std::string_view user_agent() const noexcept { return part(4); }
    [[nodiscard]] std::string_view traceparent() const noexcept { return part(5); }

    friend bool operator==(RequestRecord const&, RequestRecord const&) = default;

  private:
    [[nodiscard]] std::string_view part(std::size_t at) const noexcept {
        std::size_t const begin = at == 0 ? 0 : ends_[at - 1];
        return std::string_view(text_).substr(begin, ends_[at] - begin);
    }

    std::string text_;                     // All parts, one after the other.
    std::array<std::uint16_t, 6> ends_{};  // Where each ends.
};

/// Whether a text is a `traceparent` header of version 00, or of a later one that adds nothing:
/// `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`. All zeros are no trace, and no span.
[[nodiscard]] bool is_traceparent(std::string_view text) noexcept;

}  // namespace ocilot
