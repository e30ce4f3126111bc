/* Photo: pictures of a register, in the popup of their row. */
OneMap.photo = (function () {
  "use strict";

  const { make } = OneMap.legend;

  class Photos {
    constructor(panel, id) {
      this.pack = new OneMap.data.Pack(id);
      panel.photos = this;
      const { missing } = this.pack.header;
      if (missing) panel.element.querySelector(".om-foot").prepend(make("p", {}, `有 ${missing} 张照片没有找到或打不开。`));
    }

    show(layer, row) {
      const blocks = this.pack.header.rows[layer.name]?.[row];
      if (!blocks) return null;
      return make("div", { class: "om-photos" }, blocks.map((block, i) => {
        const address = URL.createObjectURL(new Blob([this.pack.bytes(block)], { type: "image/jpeg" }));
        const picture = make("img", { src: address, alt: `${layer.title(row)} 照片 ${i + 1}`, onload: () => URL.revokeObjectURL(address) });
        return picture;
      }));
    }
  }

  return { Photos };
})();
