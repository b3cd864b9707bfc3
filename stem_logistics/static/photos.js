// `smaller(file)`: a telephone's photograph of many megabytes would not get through; 2,000 pixels show the damage.
window.smaller = async (file) => {
  "use strict";
  if (file.size < 1500000 || file.type === "application/pdf") return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, 2000 / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.82));
    return made && made.size < file.size ? new File([made], "photo.jpg", { type: "image/jpeg" }) : file;
  } catch {
    // Not a picture that this browser reads: the server says what is wrong with it.
    return file;
  }
};
