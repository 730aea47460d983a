#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::oci {

/// The keys of all objects that a JSON reader is inside of, outermost object first. Finds duplicates in
/// n log n whatever the keys.
class DuplicateKeys {
  public:
    void push(std::string_view key);
    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
    /// The newest key. Valid until the next push or close.
    [[nodiscard]] std::string_view last() const noexcept { return text_of(keys_.back()); }
    /// Forgets the keys from number `first` on: those of the innermost object. Answers one it had twice.
    [[nodiscard]] std::optional<std::string> close(std::size_t first);

  private:
    struct Key {
        std::size_t hash;
        std::size_t offset;  // In text_.
        std::size_t length;
    };
    [[nodiscard]] std::string_view text_of(Key const& key) const noexcept {
        return std::string_view(text_).substr(key.offset, key.length);
    }

    std::vector<Key> keys_;
    std::string text_;  // Of all keys, in the order of keys_.
};

}  // namespace ocilot::oci
