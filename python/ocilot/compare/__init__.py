"""What differs between two images: layers, files, packages, config."""

from ocilot.compare.files import FileChange
from ocilot.compare.image_diff import ImageDiff, Side, diff
from ocilot.compare.packages import Package, PackageChange, Packages, packages

__all__ = ["FileChange", "ImageDiff", "Package", "PackageChange", "Packages", "Side", "diff", "packages"]
